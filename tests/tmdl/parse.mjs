// Parses the Power Query of a model with Microsoft's own parser: parse.mjs MODEL.json MODULES
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { DefaultSettings, TaskUtils } = createRequire(`${process.argv[3]}/`)("@microsoft/powerquery-parser");
const { model } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const partitions = model.tables.flatMap((table) => (table.partitions ?? []).map((one) => [table.name, one.source.expression]));
const queries = [...model.expressions.map((one) => [one.name, one.expression]), ...partitions];
for (const [name, query] of queries) {
  const task = await TaskUtils.tryLexParse(DefaultSettings, query);
  if (task.stage !== "Parse" || task.resultKind !== "Ok") {
    console.error(`${name}: ${task.error?.message}\n${query}`);
    process.exit(1);
  }
}
console.log(`power query: ${queries.length} queries parse`);

// Numeric columns of Parquet files as JavaScript readers find them: {reader, files, columns} as JSON from standard input,
// {column: values} as JSON to standard output, numbers as texts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// ES modules do not look at NODE_PATH; the environment names the folder that npm filled.
const home = createRequire(join(process.env.ABACUS_NODE_MODULES, 'package.json'))
const load = name => import(pathToFileURL(home.resolve(name)))

const text = value => value === null || value === undefined ? null : typeof value === 'bigint' ? `${value}n` : String(value)

async function byHyparquet(path, columns) {
  const { parquetReadObjects } = await load('hyparquet')
  const { compressors } = await load('hyparquet-compressors')
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const rows = await parquetReadObjects({ file, columns, compressors })
  return Object.fromEntries(columns.map(name => [name, rows.map(row => text(row[name]))]))
}

async function byParquetWasm(path, columns) {
  const { readParquet } = await load('parquet-wasm')
  const { tableFromIPC } = await load('apache-arrow')
  const table = tableFromIPC(readParquet(new Uint8Array(readFileSync(path)), { columns }).intoIPCStream())
  return Object.fromEntries(columns.map(name => {
    const column = table.getChild(name)
    const scale = column.type.scale
    const values = []
    for (let row = 0; row < column.length; row++) values.push(decimalOr(column.get(row), scale))
    return [name, values]
  }))
}

// apache-arrow gives a decimal as the words of its digits.
function decimalOr(value, scale) {
  if (value === null || scale === undefined || typeof value !== 'object') return text(value)
  const words = new BigUint64Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength))
  let digits = 0n
  for (let word = words.length - 1; word >= 0; word--) digits = (digits << 64n) | words[word]
  digits = BigInt.asIntN(64 * words.length, digits)
  return String(Number(digits) / 10 ** scale)
}

const { reader, files, columns } = JSON.parse(readFileSync(0, 'utf8'))
const read = { hyparquet: byHyparquet, parquet_wasm: byParquetWasm }[reader]
const found = Object.fromEntries(columns.map(name => [name, []]))
for (const file of files) {
  const values = await read(file, columns)
  // One value at a time: a call has room for some ten thousand arguments.
  for (const name of columns) for (const value of values[name]) found[name].push(value)
}
process.stdout.write(JSON.stringify(found))

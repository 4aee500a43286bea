// Writes the columns of a JSON file with hyparquet-writer: node hyparquet.mjs FROM.json TO.parquet
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [from, to] = process.argv.slice(2)
// ES modules do not look at NODE_PATH; the environment names the folder that npm filled.
const home = createRequire(join(process.env.ABACUS_NODE_MODULES, 'package.json'))
const { parquetWriteFile } = await import(pathToFileURL(home.resolve('hyparquet-writer')))

const rows = JSON.parse(readFileSync(from, 'utf8'))
const whole = values => values.map(value => value === null ? null : BigInt(value))
const isDay = rows.bought_at[0].length === 10
const columnData = [
  { name: 'customer', data: whole(rows.customer), type: 'INT64' },
  { name: 'order_id', data: whole(rows.order_id), type: 'INT64' },
  { name: 'bought_at', data: rows.bought_at.map(text => new Date(isDay ? text : text.replace(' ', 'T').slice(0, 23) + 'Z')), type: 'TIMESTAMP' },
  { name: 'grp', data: rows.grp, type: 'STRING' },
  { name: 'quantity', data: rows.quantity, type: 'INT32' },
  { name: 'price', data: rows.price.map(Number), type: 'DOUBLE' },
  { name: 'paid', data: rows.paid, type: 'BOOLEAN' },
]
parquetWriteFile({ filename: to, columnData })

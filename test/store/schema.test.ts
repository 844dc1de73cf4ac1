import { expect, test } from 'bun:test'
import { is } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as admin from '#src/store/admin-schema'
import { openFile } from '#src/store/file'
import * as instance from '#src/store/instance-schema'
import * as ledger from '#src/store/ledger-schema'
import * as media from '#src/store/media-schema'
import { migrate } from '#src/store/migrate'
import { snake } from '#src/store/rows'
import * as said from '#src/store/said-schema'
import * as schema from '#src/store/schema'

const tables = Object.values({ ...schema, ...ledger, ...said, ...media, ...admin, ...instance })
  .filter((value) => is(value, SQLiteTable))
  .map((table) => getTableConfig(table))

test.each(tables.map((table) => [table.name, table] as const))(
  'the migrations make the table %s as the schema has it',
  async (name, { columns, primaryKeys, indexes, uniqueConstraints }) => {
    const client = openFile(':memory:')
    await migrate(client)
    const found = await client.execute(`PRAGMA table_info(${name})`)
    expect(found.rows.map((row) => [row.name, row.notnull === 1])).toEqual(
      expect.arrayContaining(columns.map((one) => [snake(one.name), one.notNull])),
    )
    expect(found.rows).toHaveLength(columns.length)
    const keys = [
      ...columns.filter(({ primary }) => primary),
      ...primaryKeys.flatMap((key) => key.columns),
    ].map((column) => snake(column.name))
    expect(
      found.rows
        .filter(({ pk }) => Number(pk) > 0)
        .map((row) => String(row.name))
        .sort(),
    ).toEqual(keys.sort())
    const made = await client.execute(`PRAGMA index_list(${name})`)
    expect(made.rows.map((row) => String(row.name))).toEqual(
      expect.arrayContaining([
        ...indexes.map(({ config }) => config.name),
        ...uniqueConstraints.map((unique) => unique.getName() ?? ''),
      ]),
    )
  },
)

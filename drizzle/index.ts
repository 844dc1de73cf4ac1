import init from './0000_init.sql' with { type: 'text' }
import pool from './0001_pool.sql' with { type: 'text' }
import hourlySums from './0002_hourly_sums.sql' with { type: 'text' }
import said from './0003_said.sql' with { type: 'text' }
import sessions from './0004_sessions.sql' with { type: 'text' }
import media from './0005_media.sql' with { type: 'text' }
import admin from './0006_admin.sql' with { type: 'text' }
import instances from './0007_instances.sql' with { type: 'text' }
import journal from './meta/_journal.json'

const files: Readonly<Record<string, string>> = {
  '0000_init': init,
  '0001_pool': pool,
  '0002_hourly_sums': hourlySums,
  '0003_said': said,
  '0004_sessions': sessions,
  '0005_media': media,
  '0006_admin': admin,
  '0007_instances': instances,
}

/** Every migration, oldest first, carried as text so that no target needs a file system. */
export const migrations = journal.entries.map(({ tag, when }) => ({
  tag,
  when,
  sql: files[tag] ?? missing(tag),
}))

function missing(tag: string): never {
  throw new Error(`drizzle/index.ts does not import ${tag}.sql`)
}

import { expect, test } from 'bun:test'
import { filePath, mediaPath, secretPath } from '#src/cli/paths'
import { readConfig } from '#src/config'

test.each([
  [{}, 'data/groxy.db', 'data/media'],
  [{ DATABASE_URL: 'file:/srv/groxy/state.db' }, '/srv/groxy/state.db', '/srv/groxy/media'],
  [{ DATABASE_URL: 'file:///srv/state.db' }, '/srv/state.db', '/srv/media'],
  [{ DATABASE_URL: 'file::memory:' }, ':memory:', undefined],
  [{ DATABASE_URL: 'libsql://groxy.example' }, undefined, undefined],
  [{ DATABASE_URL: 'libsql://groxy.example', MEDIA_DIR: '/mnt/media' }, undefined, '/mnt/media'],
])('with %p the database and what is made lie where one would look', (env, file, media) => {
  const config = readConfig(env)
  expect([filePath(config), mediaPath(config)]).toEqual([file, media])
})

test('the secret lies beside its database', () => {
  expect(secretPath('/srv/groxy/state.db')).toBe('/srv/groxy/groxy.secret')
})

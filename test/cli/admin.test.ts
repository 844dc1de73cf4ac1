import { expect, test } from 'bun:test'
import { changeOf } from '#src/cli/audit'
import { isPassword } from '#src/password'
import { accountsCli } from '../support/accounts-cli'
import { runProgram } from '../support/programs'

const SLOW = 60_000

test(
  'tokens, sessions and the brake on log-ins are managed by command line',
  async () => {
    await using it = await accountsCli()
    const { adminSessions, adminTokens, loginFailures } = it
    expect(await it.run('admin', 'token', 'list')).toContain('No admin tokens yet.')
    const said = await it.run('admin', 'token', 'create', 'deploy', '--days', '3')
    const [secret = ''] = said.split('\n')
    const token = await adminTokens.find(secret)
    expect(token).toMatchObject({ name: 'deploy', hint: secret.slice(-4) })
    const list = await it.run('admin', 'token', 'list')
    expect(list).toMatch(new RegExp(`deploy +…${secret.slice(-4)} +never +until 20`))
    expect(list).not.toContain(secret)
    expect(await it.run('admin', 'token', 'revoke', token?.id ?? '')).toContain('Revoked "deploy"')
    expect(await adminTokens.find(secret)).toBeUndefined()
    expect((await it.refused('admin', 'token', 'revoke', 'x')).code).toBe(1)
    const begin = () =>
      adminSessions.begin({ address: '192.0.2.1', agent: 'Firefox', lifeMs: 60_000 })
    const [first] = [await begin(), await begin(), await begin()]
    expect(await it.run('admin', 'sessions')).toContain('192.0.2.1')
    expect(await it.run('admin', 'sessions', 'end', first.session.id)).toContain('It is over.')
    expect((await it.refused('admin', 'sessions', 'end', 'x')).code).toBe(1)
    expect(await it.run('admin', 'sessions', 'end')).toContain('ended: 2.')
    expect(await it.run('admin', 'sessions')).toContain('Nobody is logged in.')
    await loginFailures.count('all', 60_000)
    expect(await it.run('admin', 'unlock')).toContain('Everybody may try to log in again')
    expect(await it.run('admin', 'unlock')).toContain('Nobody was kept from logging in.')
    const audit = (await it.audit.list(20)).map(({ actor, action, subject }) => [
      actor,
      action,
      subject,
    ])
    expect(audit.reverse()).toEqual([
      ['command line', 'token.create', 'deploy'],
      ['command line', 'token.revoke', token?.id ?? ''],
      ['command line', 'session.end', first.session.id],
      ['command line', 'session.end', 'admin'],
      ['command line', 'session.unlock', 'admin'],
      ['command line', 'session.unlock', 'admin'],
    ])
  },
  SLOW,
)

test(
  'a forgotten password is set anew from standard input, and everybody is logged out',
  async () => {
    await using it = await accountsCli()
    await it.adminSessions.begin({ address: undefined, agent: undefined, lifeMs: 60_000 })
    const env = { DATABASE_URL: `file:${it.file('groxy.db')}`, GROXY_SECRET: 'a secret for tests' }
    const set = (input: string, more = {}) =>
      runProgram([process.execPath, 'src/main.ts', 'admin', 'password'], {
        env: { ...env, ...more },
        input,
      })
    const short = await set('short\n')
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('8 to 200 signs')])
    const done = await set('a new password\n', { ADMIN_PASSWORD: 'that of the environment' })
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringContaining('sessions were ended: 1.\nNote: ADMIN_PASSWORD is set'),
    ])
    const stored = String(await it.settings.mark('admin_password'))
    expect(await isPassword('a new password', stored)).toBe(true)
    expect(await it.audit.list(5)).toMatchObject([
      { action: 'password.change', actor: 'command line' },
    ])
  },
  SLOW,
)

test(
  'on a terminal a password is typed twice and never shown',
  async () => {
    await using it = await accountsCli()
    const type = async (...typed: string[]) => {
      const script = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
heard = b""
def until(text):
    global heard
    while text not in heard:
        heard += os.read(fd, 4096)
for prompt, typed in zip([b"New password: ", b"Once more: "], ${JSON.stringify(typed)}):
    until(prompt)
    time.sleep(0.3)
    os.write(fd, typed.encode())
try:
    while True:
        heard += os.read(fd, 4096)
except OSError:
    pass
sys.stdout.buffer.write(heard)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
      const command = [
        'python3',
        '-c',
        script,
        process.execPath,
        'src/main.ts',
        'admin',
        'password',
      ]
      const env = {
        DATABASE_URL: `file:${it.file('groxy.db')}`,
        GROXY_SECRET: 'a secret for tests',
      }
      return runProgram(command, { env })
    }
    const same = await type('a typed passwore\u007fd\r', 'a typed password\r')
    expect([same.code, same.stdout]).toEqual([0, expect.stringContaining('The password is set')])
    expect(same.stdout).not.toContain('typed')
    const stored = String(await it.settings.mark('admin_password'))
    expect(await isPassword('a typed password', stored)).toBe(true)
    const other = await type('a typed password\r', 'another one\r')
    expect([other.code, other.stdout]).toEqual([2, expect.stringContaining('not the same')])
    expect(await it.settings.mark('admin_password')).toBe(stored)
  },
  SLOW,
)

test('what a command changes is told without what may be secret in it', () => {
  const cases: [string, unknown][] = [
    ['keys create me --rpm 5', { action: 'key.create', subject: 'me' }],
    ['keys create --rpm 5 me', { action: 'key.create', subject: 'keys' }],
    ['accounts add web secret-1', { action: 'account.add', subject: 'web' }],
    [
      'accounts add --proxy http://u:p@h:1 web secret-1',
      { action: 'account.add', subject: 'accounts' },
    ],
    ['accounts disable xai/main', { action: 'account.disable', subject: 'xai/main' }],
    ['settings reset max_attempts', { action: 'settings.change', subject: 'max_attempts' }],
    ['accounts set xai/main --secret secret-1', { action: 'account.change', subject: 'xai/main' }],
    ['accounts set --secret secret-1 xai/main', { action: 'account.change', subject: 'accounts' }],
    ['settings set web_cookies secret-1', { action: 'settings.change', subject: 'web_cookies' }],
    ['accounts import file.txt --dry-run', undefined],
    ['accounts list', undefined],
    ['admin sessions', undefined],
    ['admin token list', undefined],
    ['admin sessions end', { action: 'session.end', subject: 'admin' }],
  ]
  for (const [line, change] of cases) {
    const [name = '', ...args] = line.split(' ')
    expect([line, changeOf(name, args)] as unknown[]).toEqual([line, change])
  }
})

test(
  'what is no admin command is told how to be one',
  async () => {
    await using it = await accountsCli()
    for (const wrong of [
      'admin',
      'admin token create',
      'admin nothing',
      'admin token create a b',
    ]) {
      const { code, said } = await it.refused(...wrong.split(' '))
      expect([wrong, code, said.includes('Usage: groxy admin password')]).toEqual([wrong, 2, true])
    }
  },
  SLOW,
)

import { expect, test } from 'bun:test'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ReadStream } from 'node:tty'
import { readSecretInput } from '#src/cli/secret-input'
import { scratch } from '../support/programs'

/** Says the name of a terminal, types there what it is told to, and at last says what is seen on it. */
const TERMINAL = `
import os, pty, select, sys
screen, keys = pty.openpty()
print(os.ttyname(keys), end="", flush=True)
while typed := os.read(0, 4096):
    os.write(screen, typed)
if select.select([screen], [], [], 0)[0]:
    sys.stdout.buffer.write(os.read(screen, 4096))
`

/** A real terminal where somebody types the next line whenever there is a prompt. */
async function terminal(...lines: readonly string[]) {
  const child = Bun.spawn(['python3', '-c', TERMINAL], { stdin: 'pipe', stdout: 'pipe' })
  const said = child.stdout.getReader()
  const read = async () => new TextDecoder().decode((await said.read()).value)
  const name = await read()
  const fd = openSync(name, constants.O_RDWR | constants.O_NOCTTY)
  const stdin = Object.assign(new ReadStream(fd), { fd })
  // A read is still under way when the terminal goes.
  stdin.on('error', () => {})
  const left = [...lines]
  const written: string[] = []
  return {
    streams: {
      stdin,
      stderr: {
        write(text: string) {
          written.push(text)
          if (text === '\n') return true
          child.stdin.write(left.shift() ?? '')
          child.stdin.flush()
          return true
        },
      },
    },
    written,
    /** What whoever sits there has seen of what was typed. */
    async seen() {
      await child.stdin.end()
      return read()
    },
    async [Symbol.asyncDispose]() {
      stdin.destroy()
      child.kill()
      await child.exited
    },
  }
}

test('what is typed on a terminal is taken sign by sign, and not shown', async () => {
  await using it = await terminal('pasß\u007fs wörx\bd\r', 'again 😀😀\u007f\n')
  expect(await readSecretInput('Password: ', it.streams)).toBe('pass wörd')
  expect(it.streams.stdin.isRaw).toBe(false)
  expect(await readSecretInput('Once more: ', it.streams)).toBe('again 😀')
  expect(it.written).toEqual(['Password: ', '\n', 'Once more: ', '\n'])
  expect(await it.seen()).toBe('')
})

test.each(['\u0003', '\u0004'])('nothing was typed by who stops with %p', async (sign) => {
  await using it = await terminal(`half a secret${sign}`)
  expect(await readSecretInput('Password: ', it.streams)).toBe('')
  expect(it.streams.stdin.isRaw).toBe(false)
  expect(await it.seen()).not.toContain('secret')
})

test.each([
  ['a secret\n', 'a secret'],
  ['a secret\r\n', 'a secret'],
  [' one\ntwo \n\n', ' one\ntwo \n'],
  ['', ''],
])('a script that says %p has given %p, and is asked nothing', async (input, secret) => {
  await using folder = await scratch('secret')
  const path = join(folder.path, 'input')
  writeFileSync(path, input)
  const fd = openSync(path, 'r')
  const written: string[] = []
  const stderr = { write: (text: string) => written.push(text) > 0 }
  try {
    const stdin = Object.assign(new ReadStream(fd), { fd })
    expect(await readSecretInput('Password: ', { stdin, stderr })).toBe(secret)
    expect(written).toEqual([])
  } finally {
    closeSync(fd)
  }
})

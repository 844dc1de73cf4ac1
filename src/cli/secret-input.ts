import { readFileSync } from 'node:fs'

const INTERRUPTS = new Set(['\u0003', '\u0004'])
const ERASERS = new Set(['\u007f', '\b'])

/** What a person types without its being seen; or else, in scripts, the standard input. */
export async function readSecretInput(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) return readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  stderr.write(prompt)
  stdin.setRawMode(true)
  const typed = await typedLine(stdin)
  stdin.setRawMode(false)
  stdin.pause()
  stderr.write('\n')
  return typed
}

/** Signs until the line ends; nothing where somebody would rather stop. */
function typedLine(stdin: NodeJS.ReadStream): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const decoder = new TextDecoder()
  let typed: readonly string[] = []
  const end = (line: string): void => {
    stdin.off('data', hear)
    resolve(line)
  }
  function hear(bytes: Buffer): void {
    for (const sign of decoder.decode(bytes, { stream: true }))
      if (sign === '\r' || sign === '\n') end(typed.join(''))
      else if (INTERRUPTS.has(sign)) end('')
      else typed = ERASERS.has(sign) ? typed.slice(0, -1) : [...typed, sign]
  }
  stdin.on('data', hear)
  stdin.resume()
  return promise
}

import { readFileSync } from 'node:fs'

const INTERRUPTS = new Set(['\u0003', '\u0004'])
const ERASERS = new Set(['\u007f', '\b'])

interface Streams {
  readonly stdin: NodeJS.ReadStream & { readonly fd: number }
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>
}

/** What a person types without its being seen; or else, in scripts, the standard input. */
export async function readSecretInput(
  prompt: string,
  { stdin, stderr }: Streams = process,
): Promise<string> {
  if (!stdin.isTTY) return readFileSync(stdin.fd, 'utf8').replace(/\r?\n$/, '')
  // Before the prompt: whoever answers it at once is not to be shown either.
  stdin.setRawMode(true)
  stderr.write(prompt)
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

import { UsageError, type Values } from './command'

/** Which of both ends is meant. */
export const ENDS = ['from', 'to'] as const
export type End = (typeof ENDS)[number]

interface TokenAsk {
  /** The addresses of both ends; those of files need no token. */
  readonly urls: Readonly<Record<End, string>>
  readonly values: Values
  readonly env: Readonly<Record<string, string | undefined>>
  /** Which database the variables are about. */
  readonly ownUrl: string
  readonly usage: string
  /** Asks for what is not to be seen. */
  readonly read: (prompt: string) => Promise<string>
}

/** The tokens of servers: from the standard input where `-` stands for them, else from the environment. */
export async function readTokens(
  ask: TokenAsk,
): Promise<Readonly<Record<End, string | undefined>>> {
  const { values, usage } = ask
  const given = ENDS.filter((end) => values[`${end}-token`] !== undefined)
  for (const end of given)
    if (values[`${end}-token`] !== '-')
      throw new UsageError(
        `--${end}-token takes only "-": what stands on the command line is seen by everybody on the machine.`,
        `The token is then read from the standard input; or set ${end.toUpperCase()}_AUTH_TOKEN. Usage: groxy ${usage}`,
      )
  const typed = await typedTokens(given, ask.read)
  const of = (end: End) => typed.get(end) ?? environmentToken(ask, end)
  return { from: of('from'), to: of('to') }
}

/** One after the other as somebody types them; in scripts a line for each. */
async function typedTokens(
  ends: readonly End[],
  read: TokenAsk['read'],
): Promise<ReadonlyMap<End, string>> {
  const found = new Map<End, string>()
  let lines: readonly string[] = []
  for (const end of ends) {
    if (lines.length === 0)
      lines = (await read(`Token of the database that is copied ${end}: `)).split(/\r?\n/)
    const [line = '', ...rest] = lines
    if (!line)
      throw new UsageError(`There was no token for --${end}-token.`, 'Give a line for each.')
    found.set(end, line.trim())
    lines = rest
  }
  return found
}

/** A token is sent to no other server than the one that it is for. */
function environmentToken({ urls, env, ownUrl }: TokenAsk, end: End): string | undefined {
  if (urls[end].startsWith('file:')) return
  const own = env[`${end.toUpperCase()}_AUTH_TOKEN`]
  if (own) return own
  const isOnlyServer = ENDS.every((other) => other === end || urls[other].startsWith('file:'))
  return isOnlyServer || urls[end] === ownUrl ? env.DATABASE_AUTH_TOKEN || undefined : undefined
}

import Type, { type Static } from 'typebox'
import { Check, Clean, Convert, Default, Errors } from 'typebox/value'
import { SetupError } from './errors'

/** What must be known before the database opens. Everything else is a setting, in the database. */
export const Environment = Type.Object({
  PORT: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 65535,
    description: 'Port to listen on.',
  }),
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'Address to listen on; 0.0.0.0 for every network.',
  }),
  WORKERS: Type.String({
    default: '1',
    pattern: '^(auto|[1-9][0-9]{0,2})$',
    description: 'Processes that share the port, on Linux; auto for one a core.',
  }),
  DRAIN_SECONDS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 3600,
    description: 'How long a server that stops still takes requests, while /ready says 503.',
  }),
  DATABASE_URL: Type.String({
    default: 'file:data/groxy.db',
    pattern: '^(file|libsql|https?|wss?):',
    description: '`file:PATH` on a machine, `libsql:` or `https:` for Turso.',
  }),
  DATABASE_AUTH_TOKEN: Type.Optional(Type.String({ description: 'Token of a remote database.' })),
  GROXY_SNAPSHOT: Type.String({
    default: 'data/groxy.snapshot',
    minLength: 1,
    description:
      'File on a machine with a remote database that keeps what turns need, to start from while the database is away; `off` for none.',
  }),
  GROXY_SECRET: Type.Optional(
    Type.String({
      minLength: 16,
      description: 'Encrypts the accounts; made beside a file database when absent.',
    }),
  ),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({ minLength: 8, description: 'Sets the admin password without a set-up link.' }),
  ),
  GROXY_API_KEY: Type.Optional(
    Type.String({ minLength: 16, description: 'A first key for programs, of your own choice.' }),
  ),
  XAI_API_KEY: Type.Optional(Type.String({ minLength: 1, description: 'Adds an xAI account.' })),
  XAI_BASE_URL: Type.String({
    default: 'https://api.x.ai/v1',
    pattern: '^https?://',
    description: 'Where xAI is.',
  }),
  OPENAI_API_KEY: Type.Optional(
    Type.String({ minLength: 1, description: 'Adds an account of any OpenAI-compatible server.' }),
  ),
  OPENAI_BASE_URL: Type.String({
    default: 'https://api.openai.com/v1',
    pattern: '^https?://',
    description: 'Where that server is.',
  }),
  WEB_BASE_URL: Type.String({
    default: 'https://grok.com',
    pattern: '^https?://',
    description: 'Where grok.com is, for accounts that are added from now on.',
  }),
  WEB_ASSETS_URL: Type.String({
    default: 'https://assets.grok.com',
    pattern: '^https?://',
    description: 'Where its pictures, videos and files are.',
  }),
  MEDIA_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Directory for pictures, videos and files; without it `media` beside a file database, else the database itself.',
    }),
  ),
  TRUSTED_PROXIES: Type.String({
    default: '',
    description:
      'Addresses and networks of proxies before Groxy whose X-Forwarded-* headers are believed, such as 10.0.0.0/8.',
  }),
  METRICS_TOKEN: Type.Optional(
    Type.String({ minLength: 16, description: 'Opens /metrics to other machines.' }),
  ),
  LOG_LEVEL: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
    default: 'info',
    description: 'debug, info, warn, error or silent.',
  }),
  DEMO: Type.Boolean({
    default: false,
    description: '1: keep the built-in demo account on when others exist.',
  }),
})

/** What is asked of variables whose pattern says it to nobody. */
const IN_WORDS: ReadonlyMap<string, string> = new Map([
  ['WORKERS', 'must be auto or a whole number from 1 to 999'],
  ['DATABASE_URL', 'must begin with file:, libsql: or https:'],
])

export type Config = Readonly<Static<typeof Environment>>

/** Read the environment once, at the start, and report every mistake at once. */
export function readConfig(env: Readonly<Record<string, unknown>>): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const value = Clean(Environment, Default(Environment, Convert(Environment, present)))
  if (Check(Environment, value)) return value
  const mistakes = Errors(Environment, value).map(({ instancePath, message }) => {
    const name = instancePath.slice(1)
    return `${name || 'environment'} ${IN_WORDS.get(name) ?? message}`
  })
  throw new SetupError(
    `The environment is not usable: ${[...new Set(mistakes)].join('; ')}.`,
    'Correct these variables; `groxy --help` lists them all.',
  )
}

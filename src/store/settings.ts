import type { Client } from '@libsql/client/web'
import { and, eq } from 'drizzle-orm'
import Type, { type Static } from 'typebox'
import { Check, Default, Errors } from 'typebox/value'
import { isSealed, type Vault } from '../crypto'
import { SetupError } from '../errors'
import { readCookies, readHeaders, readHeaderValue } from '../extras'
import { readProxy } from '../proxy'
import type { Database } from './database'
import { MediaSettings } from './media-settings'
import { touchRevision } from './revision'
import { createReader } from './rows'
import { settings } from './schema'
import { WebSettings } from './web-settings'

const milliseconds = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, description })

/** What an operator may change while Groxy runs: the one description that everything is made from. */
export const Settings = Type.Object({
  first_byte_timeout_ms: milliseconds(
    30_000,
    'How long a streaming upstream may take to answer at all before another account is tried.',
  ),
  idle_timeout_ms: milliseconds(120_000, 'How long an upstream may be silent within an answer.'),
  answer_timeout_ms: milliseconds(
    300_000,
    'How long an upstream may take for an answer that is not streamed before another account is tried.',
  ),
  total_timeout_ms: milliseconds(600_000, 'How long one answer may take altogether.'),
  heartbeat_ms: milliseconds(
    15_000,
    'After this much silence a stream gets a comment, so that proxies keep it open.',
  ),
  max_attempts: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 100,
    description: 'Accounts that are tried for one turn before it fails.',
  }),
  queue_timeout_ms: Type.Integer({
    default: 5_000,
    minimum: 0,
    description: 'How long a turn waits for an account while all that could serve it are busy.',
  }),
  queue_length: Type.Integer({
    default: 1_000,
    minimum: 0,
    description: 'Turns that may wait at once; more are refused.',
  }),
  retry_wait_ms: Type.Integer({
    default: 2_000,
    minimum: 0,
    description:
      'The longest Retry-After that is waited out when no other account can take the turn.',
  }),
  max_body_bytes: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description: 'The largest request body that is taken.',
  }),
  body_budget_bytes: Type.Integer({
    default: 256 * 1024 * 1024,
    minimum: 1024,
    description: 'What the large request bodies in memory may weigh together; more have to wait.',
  }),
  pass_through: Type.Boolean({
    default: true,
    description: "Forward calls that bring the caller's own xAI key to xAI.",
  }),
  show_thinking: Type.Boolean({
    default: true,
    description:
      'Tell what models think, as `reasoning_content` or as reasoning summaries; a request whose reasoning effort is `none` is never told.',
  }),
  think_tags: Type.Boolean({
    default: false,
    description:
      'Chat answers think within `content`, between <think> and </think>, instead of in `reasoning_content`; of answers that come back the thoughts are left out.',
  }),
  tools_in_prompt_demo: Type.Boolean({
    default: false,
    description:
      'Describe tools to the demo models in words, as to models that have none, and find the calls in what they write.',
  }),
  priority_xai: Type.Integer({
    default: 1,
    description: 'Of kinds that serve the same model, the lower number is asked first.',
  }),
  priority_openai: Type.Integer({ default: 2, description: 'The same for `openai` accounts.' }),
  priority_web: Type.Integer({ default: 3, description: 'The same for `web` accounts.' }),
  priority_demo: Type.Integer({ default: 4, description: 'The same for the demo account.' }),
  model_refresh_minutes: Type.Integer({
    default: 10,
    minimum: 1,
    description: "How old an account's model list may grow before it is asked for again.",
  }),
  model_refresh: Type.Boolean({
    default: true,
    description: "Ask accounts' upstreams for their model lists in the background.",
  }),
  account_check: Type.Boolean({
    default: true,
    description: 'Ask again about an account that was refused, before it counts as expired.',
  }),
  cleaning: Type.Boolean({
    default: true,
    description: 'Remove what is older than the settings below keep.',
  }),
  ledger_days: Type.Integer({
    default: 30,
    minimum: 1,
    description: 'How long a turn stays in the ledger; its hourly sums stay a year.',
  }),
  ledger_rows: Type.Integer({
    default: 1_000_000,
    minimum: 1_000,
    description: 'How many turns stay in the ledger at most.',
  }),
  audit_days: Type.Integer({
    default: 365,
    minimum: 1,
    description:
      'How long it is known who changed what; of log-ins that failed, no longer than 30 days.',
  }),
  keep_content_days: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'How long requests and answers are kept word for word; 0 keeps none.',
  }),
  stored_days: Type.Integer({
    default: 30,
    minimum: 1,
    description:
      'How long responses and completions are kept after they were made, conversations after they were used.',
  }),
  stored_bytes: Type.Integer({
    default: 1024 * 1024 * 1024,
    minimum: 1024,
    description: 'What they may weigh together; the oldest go first.',
  }),
  stored_response_bytes: Type.Integer({
    default: 16 * 1024 * 1024,
    minimum: 1024,
    description: 'The largest response, and the largest completion, that is stored.',
  }),
  time_zone_minutes: Type.Integer({
    default: 0,
    minimum: -840,
    maximum: 840,
    description: "Minutes by which the operator's days begin before those of UTC.",
  }),
  proxy_xai: Type.String({
    default: '',
    description: 'HTTP(S) proxy for the calls of `xai` accounts that have none of their own.',
  }),
  proxy_openai: Type.String({
    default: '',
    description: 'The same for `openai` accounts.',
  }),
  proxy_web: Type.String({ default: '', description: 'The same for `web` accounts.' }),
  ...WebSettings,
  ...MediaSettings,
})

export type Settings = Readonly<Static<typeof Settings>>

/** What holds when nothing was changed. */
export const DEFAULT_SETTINGS = Default(Settings, {}) as Settings

/** How the value of a setting is read that holds a secret: sealed in the database, never shown whole. */
const SECRETS: Readonly<Record<string, (text: string) => string>> = {
  proxy_xai: readProxy,
  proxy_openai: readProxy,
  proxy_web: readProxy,
  web_x_statsig_id: readHeaderValue,
  web_user_agent: readHeaderValue,
  web_cf_clearance: (text) =>
    readCookies(`cf_clearance=${text.trim()}`).slice('cf_clearance='.length),
  web_cookies: readCookies,
  web_headers: (text) =>
    Object.entries(readHeaders(text))
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
}

/** Whether a setting is the address of a proxy. */
export const isProxySetting = (name: string): boolean => SECRETS[name] === readProxy

/** Whether a setting's value is a secret, or may hold one. */
export const isSecretSetting = (name: string): boolean => name in SECRETS

/** Read and change settings. */
export function createSettings(db: Database, client: Client, vault: Vault) {
  const read = createReader(client, settings)
  const sealed = async (name: string, text: string) =>
    isNothing(text) ? '' : vault.seal(SECRETS[name]?.(text) ?? text)
  const opened = async (value: unknown) => (value === '' ? '' : vault.open(String(value)))

  return {
    /** Every setting, with defaults; a stored value that no longer fits is ignored. */
    async all(): Promise<Settings> {
      const rows = await read()
      const all: Record<string, unknown> = { ...DEFAULT_SETTINGS }
      for (const { name, value } of rows)
        if (fits(name, value)) all[name] = isSecretSetting(name) ? await opened(value) : value
      return all as Settings
    },

    /** @throws SetupError when there is no such setting, or the value is not one of its values. */
    async set(name: string, value: unknown): Promise<void> {
      const property = Settings.properties[name as keyof Settings]
      if (!property)
        throw new SetupError(
          `There is no setting "${name}".`,
          '`groxy settings` lists them all, with their values.',
        )
      if (!Check(property, value))
        throw new SetupError(
          `"${name}" ${misfitOf(Errors(property, value)[0])}.`,
          String('description' in property && property.description),
        )
      const stored = isSecretSetting(name) ? await sealed(name, String(value)) : value
      await db.batch([
        db
          .insert(settings)
          .values({ name, value: stored })
          .onConflictDoUpdate({ target: settings.name, set: { value: stored } }),
        touchRevision(db),
      ])
    },

    /** A mark of our own, such as `admin_password`. */
    mark: (name: string): Promise<unknown> => readMark(client, name),

    /** Leave a mark unless it is there; says whether it was left now. */
    async markOnce(name: string, value: unknown): Promise<boolean> {
      const rows = await db
        .insert(settings)
        .values({ name, value })
        .onConflictDoNothing()
        .returning({ name: settings.name })
      return rows.length > 0
    },

    /** Leave a mark in place of whatever was there. */
    async setMark(name: string, value: unknown): Promise<void> {
      await db
        .insert(settings)
        .values({ name, value })
        .onConflictDoUpdate({ target: settings.name, set: { value } })
    },

    /** Leave a mark in place of one that is still there; says whether it was. */
    async replaceMark(name: string, before: unknown, after: unknown): Promise<boolean> {
      const rows = await db
        .update(settings)
        .set({ value: after })
        .where(and(eq(settings.name, name), eq(settings.value, before)))
        .returning({ name: settings.name })
      return rows.length > 0
    },
  }
}

/** What is wrong with a value; a pattern is nothing to be read by people. */
const misfitOf = (error: { readonly keyword: string; readonly message: string } | undefined) =>
  !error || error.keyword === 'pattern' ? 'does not take this value' : error.message

const isNothing = (text: string): boolean => ['', 'none'].includes(text.trim())

/** What was left under a name that is no setting. */
export async function readMark(client: Client, name: string): Promise<unknown> {
  const [row] = await createReader(client, settings, client)('WHERE name = ?', [name])
  return row?.value
}

const fits = (name: string, value: unknown): boolean => {
  const property = Settings.properties[name as keyof Settings]
  if (property === undefined || !Check(property, value)) return false
  return !isSecretSetting(name) || value === '' || isSealed(String(value))
}

export type SettingsStore = ReturnType<typeof createSettings>

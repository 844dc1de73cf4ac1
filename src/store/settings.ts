import type { Client, InStatement, InValue } from '@libsql/client/web'
import { and, eq } from 'drizzle-orm'
import Type, { type Static } from 'typebox'
import { Check, Default, Errors } from 'typebox/value'
import { isSealed, type Vault } from '../crypto'
import { SetupError } from '../errors'
import { readCookies, readHeaders, readHeaderValue } from '../extras'
import { readProxy } from '../proxy'
import { refuseMarkIn } from './copy-mark'
import type { Database } from './database'
import { MediaSettings } from './media-settings'
import { touchApart } from './revision'
import { createReader } from './rows'
import { settings } from './schema'
import { TurnSettings } from './turn-settings'
import { WebSettings } from './web-settings'

/** What an operator may change while Groxy runs: the one description that everything is made from. */
export const Settings = Type.Object({
  ...TurnSettings,
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
export const isSecretSetting = (name: string): boolean => Object.hasOwn(SECRETS, name)

/** The mark that grows with every change of a setting. */
const REVISION = 'settings_revision'
const REVISION_IS = `coalesce((SELECT CAST(value AS INTEGER) FROM settings WHERE name = '${REVISION}'), 0) = ?`

/** Whether there is a setting of this name; every object has a `constructor`, which is none. */
export const isSetting = (name: string): name is keyof Settings =>
  Object.hasOwn(Settings.properties, name)

/** What is wrong with a value that a setting is to have; undefined where nothing is. */
export function settingProblem(name: string, value: unknown): SetupError | undefined {
  if (!isSetting(name))
    return new SetupError(
      `There is no setting "${name}".`,
      '`groxy settings` lists them all, with their values.',
    )
  const property = Settings.properties[name]
  if (!Check(property, value))
    return new SetupError(
      `"${name}" ${misfitOf(Errors(property, value)[0])}.`,
      String('description' in property && property.description),
    )
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return new SetupError(
      `"${name}" does not take a number of this size.`,
      `It takes ${Number.MAX_SAFE_INTEGER} at most.`,
    )
  try {
    if (isSecretSetting(name)) plainSecret(name, String(value))
    return undefined
  } catch (problem) {
    if (problem instanceof SetupError) return problem
    throw problem
  }
}

/** Read and change settings. */
export function createSettings(db: Database, client: Client, vault: Vault) {
  const read = createReader(client, settings)
  const sealed = async (name: string, text: string) => {
    const plain = plainSecret(name, text)
    return plain && vault.seal(plain)
  }
  const opened = async (value: unknown) => (value === '' ? '' : vault.open(String(value)))

  /** Every setting, with defaults; a stored value that no longer fits is ignored. */
  async function readAll(rows: Awaited<ReturnType<typeof read>>): Promise<Settings> {
    const all: Record<string, unknown> = { ...DEFAULT_SETTINGS }
    refuseMarkIn(rows)
    for (const { name, value } of rows)
      if (fits(name, value)) all[name] = isSecretSetting(name) ? await opened(value) : value
    return all as Settings
  }

  /**
   * Change several settings at once, all or none; null puts a default back.
   *
   * @param revision as it was when the values were read: undefined for whatever it is now
   * @returns the revision after it, or undefined when somebody else was faster
   * @throws SetupError when there is no such setting, or a value is not one of its values
   */
  async function change(
    changes: Readonly<Record<string, unknown>>,
    revision?: number,
  ): Promise<number | undefined> {
    const [condition, given]: [string, InValue[]] =
      revision === undefined ? ['true', []] : [REVISION_IS, [revision]]
    const put = async (name: string, value: unknown): Promise<InStatement> => {
      const problem = value === null ? unknownSetting(name) : settingProblem(name, value)
      if (problem) throw problem
      if (value === null)
        return {
          sql: `DELETE FROM settings WHERE name = ? AND ${condition}`,
          args: [name, ...given],
        }
      const stored = isSecretSetting(name) ? await sealed(name, String(value)) : value
      return {
        sql: `INSERT INTO settings (name, value) SELECT ?, ? WHERE ${condition}
          ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        args: [name, JSON.stringify(stored), ...given],
      }
    }
    const { sql: touch, params } = touchApart(db).toSQL()
    const results = await client.batch(
      [
        ...(await Promise.all(Object.entries(changes).map(([name, value]) => put(name, value)))),
        { sql: touch, args: params as InValue[] },
        {
          sql: `INSERT INTO settings (name, value) SELECT '${REVISION}', '1' WHERE ${condition}
            ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
          args: given,
        },
      ],
      'write',
    )
    const now = results.at(-1)?.rows[0]?.value
    return now === undefined ? undefined : Number(now)
  }

  return {
    all: async (): Promise<Settings> => readAll(await read()),

    /** The same with the revision that whoever changes them has to name. */
    async current(): Promise<{ readonly revision: number; readonly settings: Settings }> {
      const rows = await read()
      const revision = Number(rows.find(({ name }) => name === REVISION)?.value ?? 0)
      return { revision, settings: await readAll(rows) }
    },

    change,

    /** @throws SetupError when there is no such setting, or the value is not one of its values. */
    async set(name: string, value: unknown): Promise<void> {
      await change({ [name]: value })
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

const unknownSetting = (name: string): SetupError | undefined =>
  isSetting(name) ? undefined : settingProblem(name, undefined)

/** What a secret is, however it was written: empty for none. */
const plainSecret = (name: string, text: string): string =>
  ['', 'none'].includes(text.trim()) ? '' : (SECRETS[name]?.(text) ?? text)

/** What was left under a name that is no setting. */
export async function readMark(client: Client, name: string): Promise<unknown> {
  const [row] = await createReader(client, settings, client)('WHERE name = ?', [name])
  return row?.value
}

const fits = (name: string, value: unknown): boolean => {
  if (!isSetting(name) || !Check(Settings.properties[name], value)) return false
  return !isSecretSetting(name) || value === '' || isSealed(String(value))
}

export type SettingsStore = ReturnType<typeof createSettings>

import { type Config, Environment } from '../../config'
import type { Ground } from '../../ground'

/** A variable of the environment, as it may be seen. */
export interface Variable {
  readonly name: string
  readonly isSet: boolean
  readonly isSecret: boolean
  /** What the process runs with; of secrets, and of what is not set and has no default, nothing. */
  readonly value: string | undefined
  readonly default: string | undefined
  /** What the environment says instead: the command line came first, so a restart may change it. */
  readonly overridden: string | undefined
  readonly description: string
}

const SECRET = /_(?:TOKEN|SECRET|PASSWORD|KEY)$/

/** Which variables are set, and what they come to. */
export function variables(
  config: Config,
  environment: ReturnType<Ground['environment']>,
): Variable[] {
  return Object.entries(Environment.properties).map(([name, property]) => {
    const given = environment[name]
    const isSet = given !== undefined && given !== ''
    const isSecret = SECRET.test(name)
    const running = shownText(config[name as keyof Config])
    const { default: usual, description = '' } = property as {
      readonly default?: unknown
      readonly description?: string
    }
    const said = isSet ? shownText(given) : undefined
    return {
      name,
      isSet,
      isSecret,
      value: isSecret ? undefined : running,
      default: shownText(usual),
      overridden: !isSecret && said !== undefined && !isSame(said, running) ? said : undefined,
      description,
    }
  })
}

/** `1` and `true` say the same of a switch. */
const isSame = (said: string, running: string | undefined): boolean =>
  said === running || (running === 'true' && said === '1') || (running === 'false' && said === '0')

/** Addresses are shown without the credentials that they may hold. */
export function shownText(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined
  const text = String(value)
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null
  if (!url || (!url.username && !url.password && !url.search)) return text
  return `${url.protocol}//${url.host}${url.pathname}`
}

import { Environment } from '../config'

/** A line for every variable, made from the schema that reads them. */
export const environmentHelp = (): string =>
  Object.entries(Environment.properties)
    .map(([name, property]) => {
      const { description = '', default: fallback } = property as Property
      const shown = fallback ? ` [${fallback}]` : ''
      return `  ${name.padEnd(20)} ${description.replaceAll('`', '')}${shown}`
    })
    .join('\n')

interface Property {
  readonly description?: string
  readonly default?: unknown
}

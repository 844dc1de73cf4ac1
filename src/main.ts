import { liftFetchLimit } from './cli/fetch-limit'

// Entry for a machine: from source, compiled, in a container. Nothing may run before this line.
await liftFetchLimit()
const { run } = await import('./cli/cli')
// At once: a timer that nobody waits for any more must not hold the process.
process.exit(await run(process.argv.slice(2)))

import { type ApiError, SetupError } from './errors'
import { requestIdOf } from './http/context'
import { faultFields, type Log } from './log'
import type { DatabaseState } from './store/watch'

/** Says in the log what went wrong, wherever it did. */
export function createReports(log: Log) {
  let isAway = false
  const onBug = (error: unknown) =>
    log.error('bug', { ...faultFields(error), stack: error instanceof Error ? error.stack : '' })

  return {
    /** The database did not do as it was asked. Of one that is known to be away that says nothing new. */
    onFault: (cause: unknown) =>
      log[isAway ? 'debug' : 'warn']('database_unreachable', faultFields(cause)),

    /** It went away, came back, or takes no writes any more. */
    onDatabase({ up, writable, lastFault }: DatabaseState): void {
      isAway = !up
      if (!up) log.warn('database_away', { error: lastFault })
      else if (!writable) log.warn('database_takes_no_writes', { error: lastFault })
      else log.info('database_back')
    },

    /** Something was thrown that nobody foresaw. */
    onBug,

    /** A request was refused, or failed. */
    onFailure(failure: ApiError, error: unknown, request: Request): void {
      if (failure.code === 'internal_error') onBug(error)
      const setup = [error, failure.details.cause].find((cause) => cause instanceof SetupError)
      if (setup) log.error('setup', { problem: setup.message, remedy: setup.remedy })
      const { pathname: path } = new URL(request.url)
      const { status, code } = failure
      log.info('refused', { request: requestIdOf(request), path: path.slice(0, 200), status, code })
    },
  }
}

import type { WebAccount } from './accounts'
import { faultsOf, isObject, oneOf } from './checks'
import { MODEL_NAMES } from './forms'
import { inQueries, inUnits, type Meter, MODE_IDS, PRODUCTS, productQuota } from './quota'
import type { Call } from './records'
import { refusals } from './refusals'

const KINDS = ['DEFAULT', 'REASONING', 'DEEPSEARCH']

/** `/rest/rate-limits` and `/rest/media/imagine/quota_info`. */
export function createLimits({ meter }: { readonly meter: Meter }) {
  return {
    rates(call: Call, account: WebAccount): Response {
      const { body } = call
      const isMode = isObject(body) && MODE_IDS.includes(String(body.modelName))
      const known = isMode
        ? { modelName: oneOf(MODE_IDS) }
        : { requestKind: oneOf(KINDS), modelName: oneOf(MODEL_NAMES) }
      const faults = faultsOf(body, { known })
      call.complaints.push(...faults)
      if (faults.length > 0 || !isObject(body)) return refusals.invalid(faults.join('; '))
      if (account.limits === 'fails') return refusals.broken()
      const truth = meter.standing(account, String(body.modelName))
      const standing =
        account.limits === 'eight' ? { ...truth, total: 8, remaining: 8, resetsIn: 0 } : truth
      const form = account.limitsForm ?? (isMode ? 'queries' : 'units')
      return Response.json(form === 'units' ? inUnits(standing) : inQueries(standing))
    },

    products(call: Call, account: WebAccount): Response {
      const faults = faultsOf(call.body, { known: {} })
      call.complaints.push(...faults)
      if (faults.length > 0) return refusals.invalid(faults.join('; '))
      return Response.json(
        Object.fromEntries(
          PRODUCTS.map((product) => [
            product,
            productQuota(meter.standing(account, `imagine/${product}`), meter.now()),
          ]),
        ),
      )
    },
  }
}

export type Limits = ReturnType<typeof createLimits>

import type { Charge, Offers } from '../../pool/account'
import type { Tier, UpstreamModel } from '../../store/schema'
import type { Settings } from '../../store/settings'

/** How grok.com is asked, by the generations of its web app. */
export type RequestForm = Settings['web_request']

/** What a turn of a model makes. `imagine` makes a video of a picture that comes along, else pictures. */
export type WebWork = 'text' | 'image' | 'edit' | 'video' | 'imagine'

/** A public model, and what grok.com calls it. */
export interface WebModel {
  readonly id: string
  readonly title: string
  readonly work: WebWork
  /** `modelName` and `modelMode` (without `MODEL_MODE_`) of the request forms g1 and g2. */
  readonly name: string
  readonly mode: string
  /** `modeId` of the request form g3. */
  readonly modeId: string
  /** What the quota of the forms g1 and g2 is called. */
  readonly quota: string
  readonly cost: 1 | 4
  readonly least: Tier
}

const GROK_4_MINI = 'grok-4-mini-thinking-tahoe'
const GROK_4_1 = 'grok-4-1-thinking-1129'

type Row = readonly [
  id: string,
  title: string,
  name: string,
  mode: string,
  modeId: string,
  more?: Partial<Pick<WebModel, 'work' | 'cost' | 'least'>>,
]

const HIGH = { cost: 4 } as const
const HEAVY = { cost: 4, least: 'super' } as const

const ROWS: readonly Row[] = [
  ['auto', 'Auto', 'grok-4', 'AUTO', 'auto'],
  ['fast', 'Fast', 'grok-4', 'FAST', 'fast'],
  ['expert', 'Expert', 'grok-4', 'EXPERT', 'expert', HIGH],
  ['heavy', 'Heavy', 'grok-4-heavy', 'HEAVY', 'heavy', HEAVY],
  ['grok-3', 'Grok 3', 'grok-3', 'AUTO', 'auto'],
  ['grok-3-fast', 'Grok 3 Fast', 'grok-3', 'FAST', 'fast'],
  ['grok-4', 'Grok 4', 'grok-4', 'AUTO', 'auto'],
  ['grok-4-mini', 'Grok 4 Mini', GROK_4_MINI, 'GROK_4_MINI_THINKING', 'fast'],
  ['grok-4-fast', 'Grok 4 Fast', 'grok-4', 'FAST', 'fast'],
  ['grok-4-fast-expert', 'Grok 4 Fast Expert', GROK_4_MINI, 'EXPERT', 'expert', HIGH],
  ['grok-4-expert', 'Grok 4 Expert', 'grok-4', 'EXPERT', 'expert', HIGH],
  ['grok-4-heavy', 'Grok 4 Heavy', 'grok-4-heavy', 'HEAVY', 'heavy', HEAVY],
  ['grok-4.1', 'Grok 4.1', GROK_4_1, 'AUTO', 'auto'],
  ['grok-4.1-fast', 'Grok 4.1 Fast', GROK_4_1, 'FAST', 'fast'],
  ['grok-4.1-expert', 'Grok 4.1 Expert', GROK_4_1, 'EXPERT', 'expert', HIGH],
  ['grok-4.1-thinking', 'Grok 4.1 Thinking', GROK_4_1, 'GROK_4_1_THINKING', 'expert', HIGH],
  ['grok-imagine-0.9', 'Grok Imagine 0.9', 'grok-3', 'FAST', 'auto', { ...HIGH, work: 'imagine' }],
  ['grok-imagine-1.0', 'Grok Imagine', 'grok-3', 'FAST', 'auto', { ...HIGH, work: 'image' }],
  [
    'grok-imagine-1.0-edit',
    'Grok Imagine Edit',
    'grok-3',
    'FAST',
    'auto',
    { ...HIGH, work: 'edit' },
  ],
  [
    'grok-imagine-1.0-video',
    'Grok Imagine Video',
    'grok-3',
    'FAST',
    'auto',
    { ...HIGH, work: 'video' },
  ],
]

/** Every model of grok.com sessions, by its public id. */
export const WEB_MODELS: ReadonlyMap<string, WebModel> = new Map(
  ROWS.map(([id, title, name, mode, modeId, more]) => [
    id,
    { id, title, name, mode, modeId, quota: name, work: 'text', cost: 1, least: 'basic', ...more },
  ]),
)

/** The basic ones come first; who pays more is spared for what only they can. */
const RANKS: Readonly<Record<Tier, number>> = { basic: 0, super: 1, heavy: 2 }

/** When grok.com opened these models is not public. */
const CREATED = 1735689600

const made = new Map<string, Offers>()

/** What a session of a tier offers; one that is not known yet counts as basic. */
export function webOffers(tier: Tier = 'basic', form: RequestForm): Offers {
  const name = `${tier} ${form}`
  const known = made.get(name)
  if (known) return known
  const models = [...WEB_MODELS.values()].filter(({ least }) => RANKS[least] <= RANKS[tier])
  const offers = {
    models: models.map(toUpstreamModel),
    charges: new Map(models.map((model) => [model.id, chargeOf(model, form)])),
    rank: RANKS[tier],
  }
  made.set(name, offers)
  return offers
}

const toUpstreamModel = ({ id, title }: WebModel): UpstreamModel => ({
  id,
  created: CREATED,
  owned_by: 'xai',
  name: title,
})

/**
 * What a turn takes of which quota. The forms g1 and g2 count units, of which a high effort takes four;
 * each mode of g3 has a window of its own that counts turns.
 */
const chargeOf = ({ quota, modeId, cost }: WebModel, form: RequestForm): Charge =>
  form === 'g3' ? { bucket: `turns ${modeId}`, cost: 1 } : { bucket: `units ${quota}`, cost }

/** The model or mode of a bucket, as `/rest/rate-limits` takes it. */
export const quotaName = (bucket: string): string => bucket.slice(bucket.indexOf(' ') + 1)

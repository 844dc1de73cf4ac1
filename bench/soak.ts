import { Database } from 'bun:sqlite'
import { pssMb } from './gauges'
import type { Measure } from './measure'
import type { Scenario } from './scenarios'
import { slope } from './statistics'
import type { Target } from './targets'

const SCENARIO: Scenario = { name: 'soak', model: 'bench', connections: 32 }
const STEP = 100_000
/** The ledger is written behind. */
const WRITE_BEHIND_MS = 3_000

/** Many chat turns through Groxy: does its memory grow, and is each of them in the ledger? */
export async function soak(groxy: Target, measure: Measure, database: string, turns: number) {
  const step = Math.min(STEP, Math.ceil(turns / 10))
  const rows = await ledgerRows(database)
  const looks: { turns: number; pssMb: number }[] = []
  let bad = 0
  for (let done = 0; done < turns; ) {
    const size = Math.min(step, turns - done)
    const figures = await measure.counted(groxy, SCENARIO, size)
    done += size
    bad += figures.bad
    looks.push({ turns: done, pssMb: figures.pssMb })
    const speed = `${figures.perSecond.toFixed(0)}/s`
    console.info(`${done} turns  ${figures.pssMb.toFixed(1)} MB  ${speed}  bad ${figures.bad}`)
  }
  const secondHalf = looks.slice(Math.floor(looks.length / 2))
  const growthMb = slope(secondHalf.map((look) => [look.turns / STEP, look.pssMb]))
  const written = (await ledgerRows(database)) - rows
  const idleMb = await pssMb(groxy.pid)
  console.info(`Growth ${growthMb.toFixed(2)} MB per 100,000 turns over the second half.`)
  console.info(
    `Ledger ${written} rows of ${turns} turns, ${bad} bad. PSS now ${idleMb.toFixed(1)} MB.`,
  )
  return { turns, written, bad, growthMbPer100kTurns: growthMb, idleMb, looks }
}

async function ledgerRows(path: string): Promise<number> {
  await Bun.sleep(WRITE_BEHIND_MS)
  using database = new Database(path, { readonly: true })
  const row = database.query('SELECT count(*) AS count FROM ledger').get() as { count: number }
  return row.count
}

import { createObjectCopy, type ObjectTally } from '../media/copy-objects'
import type { CopyMark } from '../store/copy-mark'
import { copyFence } from '../store/copy-mark'
import { knownObjects, type WantedObject, wantedObjects } from '../store/copy-objects'
import { copyTable } from '../store/copy-table'
import type { CopyTable } from '../store/copy-tables'
import type { CopyEnd } from './copy-ends'
import type { Progress } from './copy-progress'
import { hasher } from './platform'

/** What is gone through from one end to the other. */
export interface CopyPlan {
  readonly source: CopyEnd
  readonly target: CopyEnd
  readonly tables: readonly CopyTable[]
  /** Of the run that writes; undefined for only comparing. */
  readonly mark: CopyMark | undefined
  readonly withMedia: boolean
  readonly progress: Progress
  /** @throws when there is to be no more of it */
  readonly check: () => void
}

/** A table that was not the same at both ends. */
export interface Difference {
  readonly table: string
  /** Rows that the target had not, or not so; and rows that the source has not. */
  readonly written: number
  readonly removed: number
}

/** What one pass through everything has found. */
export interface PassTally {
  readonly rows: number
  readonly bytes: number
  readonly differences: readonly Difference[]
  readonly objects: ObjectTally
  readonly missing: Missing
}

/** Objects that rows refer to and that are not there. */
export interface Missing {
  /** What Groxy fetches again from where it was made. */
  readonly again: number
  /** What is nowhere else, and the names of some of it. */
  readonly lost: number
  readonly names: readonly string[]
  /** What is copied with other bytes than its row says, as it is at the source. */
  readonly other: number
}

const NO_OBJECTS: ObjectTally = { seen: 0, sent: 0, sentBytes: 0 }
/** So many names help. */
const NAMED = 5

/** Go once through everything: objects first, so that a row arrives only behind its object. */
export async function copyOnce(plan: CopyPlan): Promise<PassTally> {
  const { source, target, tables, mark, progress, check } = plan
  const media = plan.withMedia
    ? await copyMedia(plan)
    : { objects: NO_OBJECTS, missing: { again: 0, lost: 0, names: [], other: 0 } }
  let [rows, bytes] = [0, 0]
  const differences: Difference[] = []
  for (const table of tables) {
    progress.begin(table.name, 'rows')
    const { written, removed, ...tally } = await copyTable({
      source: source.asked,
      target: target.asked,
      table,
      fence: mark && copyFence(mark),
      onProgress: (so) => progress.note({ count: so.rows, bytes: so.bytes }),
      check,
    })
    progress.end({ count: tally.rows, bytes: tally.bytes })
    rows += tally.rows
    bytes += tally.bytes
    if (written + removed > 0) differences.push({ table: table.name, written, removed })
  }
  return { rows, bytes, differences, ...media }
}

async function copyMedia({ source, target, mark, progress, check }: CopyPlan) {
  let missing: Missing = { again: 0, lost: 0, names: [], other: 0 }
  progress.begin('pictures, videos and files', 'objects')
  const amountOf = ({ seen, sentBytes }: ObjectTally) => ({ count: seen, bytes: sentBytes })
  const copy = createObjectCopy<WantedObject>({
    source: source.objects,
    target: target.objects,
    hasher,
    isOnlyCompared: mark === undefined,
    onProgress: (tally) => progress.note(amountOf(tally)),
    onMissing({ id, hasSource }) {
      const names = hasSource ? missing.names : [...missing.names, id].slice(0, NAMED)
      missing = hasSource
        ? { ...missing, again: missing.again + 1 }
        : { ...missing, lost: missing.lost + 1, names }
    },
    onOther() {
      missing = { ...missing, other: missing.other + 1 }
    },
    check,
  })
  for await (const wanted of wantedObjects(source.asked))
    await copy.settle(wanted, await knownObjects(target.asked, wanted))
  const objects = copy.tally()
  progress.end(amountOf(objects))
  return { objects, missing }
}

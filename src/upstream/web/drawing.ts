import type { MadePicture, PictureEvent } from '../../turn/picture'

interface Wanted {
  readonly count: number
  /** How many previews of each. */
  readonly partials: number
}

type Shown = Extract<PictureEvent, { readonly type: 'picture' }>
type Blocked = Extract<PictureEvent, { readonly type: 'blocked' }>

/**
 * Numbers the pictures of one call. grok.com may make more than were asked for: these take the places
 * of what is not to be seen.
 */
export function createDrawing({ count, partials }: Wanted) {
  const places = new Map<string, number>()
  const seen = new Set<string>()
  const settled = new Set<string>()
  const previews = new Map<number, number>()
  const spare: MadePicture[] = []
  /** Places of what is not to be seen. */
  const free: number[] = []
  let shown = 0

  function placeOf(id: string): number | undefined {
    seen.add(id)
    const known = places.get(id)
    if (known !== undefined || places.size >= count) return known
    const place = places.size
    places.set(id, place)
    return place
  }

  function show(index: number, picture: MadePicture): Shown {
    shown++
    return { type: 'picture', index, picture }
  }

  return {
    /** It is being made. */
    begin: (id: string): void => void placeOf(id),

    /** Where a preview of it belongs; undefined if none is wanted. */
    preview(id: string): number | undefined {
      const index = placeOf(id)
      if (index === undefined || settled.has(id)) return
      const given = previews.get(index) ?? 0
      if (given >= partials) return
      previews.set(index, given + 1)
      return index
    },

    /** It is done; nothing comes of one too many. */
    done(id: string, picture: MadePicture): Shown | undefined {
      if (settled.has(id)) return
      const index = placeOf(id) ?? free.shift()
      settled.add(id)
      if (index !== undefined) return show(index, picture)
      spare.push(picture)
      return
    },

    /** It is not to be seen: another one may be shown instead. */
    block(id: string): Shown | undefined {
      if (settled.has(id)) return
      const index = placeOf(id)
      settled.add(id)
      if (index === undefined) return
      const other = spare.shift()
      if (other) return show(index, other)
      free.push(index)
      return
    },

    /** Whether all is there that was asked for. */
    isFull: (): boolean => shown >= count,

    /** Whether nothing is being made any more of what was begun, and something was. */
    isSettled: (): boolean => settled.size > 0 && settled.size === seen.size,

    /** How many were made, to be seen or not. */
    made: (): number => settled.size,

    /** What is not to be seen, and nothing came in its place. */
    blocked: (): readonly Blocked[] => free.map((index) => ({ type: 'blocked', index })),
  }
}

export type Drawing = ReturnType<typeof createDrawing>

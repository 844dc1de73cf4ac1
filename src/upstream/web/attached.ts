import { isText } from '../../json-value'
import type { TurnHosted, TurnItem, TurnPart } from '../../turn/request'
import { RESULT } from '../../turn/tool-prompt/form'

/** A part of a message that is uploaded, and not said. */
export type Attachable = Exclude<TurnPart, { readonly type: 'text' | 'refusal' }>

/** What the user says now. */
interface Wish {
  readonly wish: string
  readonly attachables: readonly Attachable[]
}

/**
 * What hangs on what the user says now: the pictures and files of all that was said since the last
 * answer. While a model calls tools, what it was asked before it called them counts too. Of what is
 * further back only the latest goes along, and that only where the user speaks of it, or
 * `needsPicture` says that nothing can be done without.
 */
export function attachedTo(items: readonly TurnItem[], needsPicture: boolean): Wish {
  const asked: TurnItem[] = []
  let at = items.length
  let isAsked = false
  for (; at > 0; at--) {
    const item = items[at - 1]
    if (!item) continue
    if (isAnswer(item)) {
      if (isAsked) break
      continue
    }
    if (isAside(item)) continue
    asked.unshift(item)
    isAsked ||= !isOutput(item)
  }
  const wish = asked.flatMap((item) => (isOutput(item) ? [] : wordsOf(item))).join('\n')
  const now = asked.flatMap(attachablesOf)
  if (now.length > 0 || !(needsPicture || REFERS.test(wish))) return { wish, attachables: now }
  const earlier = items.slice(0, at).findLast((item) => attachablesOf(item).length > 0)
  return { wish, attachables: earlier ? attachablesOf(earlier) : now }
}

/** How people speak of what they have shown before. */
const REFERS =
  /\b(?:images?|pictures?|photos?|photographs?|screenshots?|drawings?|diagrams?|charts?|figures?|logos?|files?|documents?|pdfs?|recordings?|audio|attach(?:ed|ments?))\b|[图圖]|照片|截[屏圖]|文件|文档|文檔|附件|音[频頻]|[录錄]音/i

/** Whether an item is neither said by the user nor an answer. */
export const isAside = (item: TurnItem): boolean =>
  item.type === 'thought' ||
  item.type === 'hosted' ||
  (item.type === 'message' && (item.role === 'system' || item.role === 'developer'))

const isAnswer = (item: TurnItem): boolean =>
  item.type === 'call' ||
  (item.type === 'message' && item.role === 'assistant') ||
  (item.type === 'hosted' && drawnIn(item).length > 0)

/** What a tool gave, as an item or in words. */
function isOutput(item: TurnItem): boolean {
  if (item.type === 'result') return true
  if (item.type !== 'message') return false
  const [first] = item.parts
  return first?.type === 'text' && first.text.startsWith(`${RESULT.open} call=`)
}

const wordsOf = (item: TurnItem): readonly string[] =>
  item.type === 'message' ? item.parts.flatMap((part) => ('text' in part ? part.text : [])) : []

function attachablesOf(item: TurnItem): readonly Attachable[] {
  if (item.type === 'result') return item.parts.filter(isAttachable)
  if (item.type === 'hosted') return drawnIn(item)
  return item.type === 'message' && item.role === 'user' ? item.parts.filter(isAttachable) : []
}

/** A picture that was drawn before, which may be what is to be changed now. */
function drawnIn({ item }: TurnHosted): readonly Attachable[] {
  const { type, result } = item
  return type === 'image_generation_call' && isText(result) ? [{ type: 'image', url: result }] : []
}

const isAttachable = (part: TurnPart): part is Attachable =>
  part.type !== 'text' && part.type !== 'refusal'

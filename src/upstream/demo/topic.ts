const DULL = new Set(
  `about after again also and any are because been before being but can could did does doing down each
  explain few for from give had has have hello help her here him his how into its just know like make
  many may mean more most much must name not now off one only other our out over please say says she
  should some such tell than that the their them then there these they this those through too under
  until use using very want was way were what when where which while who why will with would write
  you your`.split(/\s+/),
)

const MOST_WORDS = 6

/** The words a text turns on, in their order, each once. */
export function topicOf(text: string): string[] {
  const words = text.match(/\p{Script=Han}{2,8}|[\p{L}\p{N}][\p{L}\p{N}'-]{2,}/gu) ?? []
  const telling = words.filter((word) => !DULL.has(word.toLowerCase()))
  return [...new Set(telling)].slice(0, MOST_WORDS)
}

/** Whether a text is mostly Chinese, so that its answer should be too. */
export const isChinese = (text: string): boolean => {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0
  return han * 3 > text.length
}

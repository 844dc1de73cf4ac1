/** The languages of the admin page. */
export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

/** A text, or one that is made with values. */
type Word = string | ((...values: never[]) => string)

/** The same words with other texts. */
type Same<T> = { readonly [K in keyof T]: T[K] extends string ? string : T[K] }

/** What a page says, in every language: `pageWords[view.language].title`. */
export const words = <T extends Readonly<Record<string, Word>>>(
  en: T,
  zh: Same<T>,
): Readonly<Record<Language, T>> => ({ en, zh: zh as T })

/** The language that a browser would rather have, as its `Accept-Language` says. */
export function preferred(header: string | null): Language {
  const wanted = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', quality] = part
        .trim()
        .toLowerCase()
        .split(/;\s*q=/)
      return { language: tag.split('-')[0], quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
  for (const { language } of wanted) {
    const known = LANGUAGES.find((one) => one === language)
    if (known) return known
  }
  return 'en'
}

/** In this order: later ones name themselves as earlier ones, too. */
const BROWSERS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
]

const SYSTEMS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** What people call a browser by what it calls itself: `Firefox, Linux`; undefined where that says nothing. */
export function browserName(agent: string | null): string | undefined {
  const find = (names: typeof BROWSERS) => names.find(([sign]) => sign.test(agent ?? ''))?.[1]
  const name = [find(BROWSERS), find(SYSTEMS)].filter(Boolean).join(', ')
  return name || agent?.slice(0, 40) || undefined
}

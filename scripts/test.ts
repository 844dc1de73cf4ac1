import { writeSync } from 'node:fs'
import bunfig from '../bunfig.toml'

// `npm test`: everything, in one run, with coverage. The last line says how many tests passed.
// Where a few files have tests that failed beside others, these files are run once more by themselves. What passes
// then is named and counts as passed: it, or what it tests, hangs on how busy the machine is, and is to be mended.

/** Most tests wait for timers and other processes: a few files at once keep even two cores busy. */
const AT_ONCE = 3
/** For one test, where it does not say itself: a busy machine is no fault. */
const LONGEST_MS = 20_000
/** Where more files than these fail, it is no matter of chance. */
const MOST_AGAIN = 4

interface Run {
  readonly code: number
  readonly said: string
  /** What is counted at its end, by the word for it. */
  readonly count: (word: string) => number
}

async function run(...options: readonly string[]): Promise<Run> {
  const child = Bun.spawn([process.execPath, 'test', `--timeout=${LONGEST_MS}`, ...options], {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'pipe',
  })
  const decoder = new TextDecoder()
  let said = ''
  for await (const bytes of child.stderr) {
    // At once, so that nothing of it comes after our own last line.
    writeSync(2, bytes)
    said += decoder.decode(bytes, { stream: true })
  }
  const count = (word: string): number =>
    Number(said.match(new RegExp(`^ *(\\d+) ${word}$`, 'm'))?.[1] ?? 0)
  return { code: await child.exited, said, count }
}

/** The tests that failed, with their files: a file is named before what is said of its tests. */
function failuresOf({ said }: Run): readonly { readonly file: string; readonly name: string }[] {
  const failures = []
  let file = ''
  for (const [, heading, name, end] of said.matchAll(
    /^(?:(\S+\.test\.ts):|\(fail\) (.+?)(?: \[[\d.]+ ?m?s\])?|(\d+ tests failed:))$/gm,
  )) {
    // All of them once more, without their files.
    if (end) break
    if (heading) file = heading
    else if (name) failures.push({ file, name })
  }
  return failures
}

/** Of what too little is tested: Bun fails the run for that, and does not say which files they are. */
function thinOf({ said }: Run): readonly string[] {
  const { functions: fewest, lines: least } = bunfig.test.coverageThreshold
  return [...said.matchAll(/^ (\S+) +\| +([\d.]+) +\| +([\d.]+) +\|/gm)]
    .filter(
      ([, , functions, lines]) => Number(functions) < fewest * 100 || Number(lines) < least * 100,
    )
    .map(
      ([, file, functions, lines]) =>
        `too little of ${file} is tested: ${functions} % of its functions, ${lines} % of its lines`,
    )
}

const first = await run('--coverage', `--parallel=${AT_ONCE}`, ...process.argv.slice(2))
const failures = failuresOf(first)
const files = [...new Set(failures.map(({ file }) => file))]
// A run that broke off, or that failed by more than is named, is excused by nothing.
const isUnderstood =
  first.code === 1 && failures.length === first.count('fail') - first.count('errors?')
const isFew = isUnderstood && files.length > 0 && files.length <= MOST_AGAIN
const second = isFew ? await run(...files) : undefined

const thin = thinOf(first)
for (const line of thin) console.error(line)
if (second) {
  const again = new Set(failuresOf(second).map(({ file, name }) => `${file}: ${name}`))
  for (const { file, name } of failures)
    if (!again.has(`${file}: ${name}`)) console.error(`passed only by itself: ${file}: ${name}`)
}

const all = first.count('pass') + first.count('fail')
// What is wrong outside of tests fails one more than those that are named.
const failedTests = second ? second.count('fail') + first.count('errors?') : first.count('fail')
const faults = failedTests + thin.length
// A run that ended badly without any of these, by a crash, failed all the same.
const failed = faults || Number((second ?? first).code !== 0)
console.info(`${all - failedTests} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)

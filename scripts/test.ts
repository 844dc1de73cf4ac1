import { writeSync } from 'node:fs'
import bunfig from '../bunfig.toml'

// `npm test`: everything, in one run, with coverage. The last line says how many tests passed.

/** Most tests wait for timers and other processes: a few files at once keep even two cores busy. */
const AT_ONCE = 3
/** For one test, where it does not say itself: a busy machine is no fault. */
const LONGEST_MS = 20_000

const options = [
  '--coverage',
  `--parallel=${AT_ONCE}`,
  `--timeout=${LONGEST_MS}`,
  ...process.argv.slice(2),
]
const child = Bun.spawn([process.execPath, 'test', ...options], {
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
const code = await child.exited

const count = (word: string): number =>
  Number(said.match(new RegExp(`^ *(\\d+) ${word}$`, 'm'))?.[1] ?? 0)
/** Bun fails the run for these, and does not name them. */
const thin = [...said.matchAll(/^ (\S+) +\| +([\d.]+) +\| +([\d.]+) +\|/gm)].filter(
  ([, , functions, lines]) =>
    Number(functions) < bunfig.test.coverageThreshold.functions * 100 ||
    Number(lines) < bunfig.test.coverageThreshold.lines * 100,
)
for (const [, file, functions, lines] of thin)
  console.error(
    `too little of ${file} is tested: ${functions} % of its functions, ${lines} % of its lines`,
  )

// A run that ended badly without a failed test, for lack of coverage or by a crash, failed all the same.
const failed = count('fail') + count('errors?') || Number(code !== 0)
console.info(`${count('pass')} passed, ${failed} failed`)
process.exit(code)

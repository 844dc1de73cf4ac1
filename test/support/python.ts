import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './programs'

const CACHE = join(import.meta.dir, '../../node_modules/.cache/groxy')
const PATIENCE_MS = 300_000

/** Pinned, so that its changes are not our failures. */
const OPENAI = 'openai==3.22.1'

/** Whether there is a Python that packages can be fetched for; not every machine has one. */
export const hasPython =
  Bun.which('python3') !== null &&
  Bun.spawnSync(['python3', '-m', 'pip', '--version']).exitCode === 0

/** The folder with OpenAI's library for Python, which is fetched when it is first needed. */
export async function fetchPythonOpenAi(): Promise<string> {
  const { stdout } = Bun.spawnSync([
    'python3',
    '-c',
    'import sys; print(sys.implementation.cache_tag)',
  ])
  const home = join(CACHE, `${OPENAI.replace('==', '-')}-${stdout.toString().trim()}`)
  const done = join(home, 'openai/__init__.py')
  if (await Bun.file(done).exists()) return home
  const fresh = `${home}-${process.pid}`
  const child = Bun.spawn(
    [
      ...['python3', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
      ...['--retries', '1', '--only-binary', ':all:', '--target', fresh, OPENAI],
    ],
    // The whole environment, where proxies and registries are named.
    { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', timeout: PATIENCE_MS },
  )
  try {
    const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()])
    if (code !== 0) throw new Error(`pip could not install ${OPENAI}:\n${said}`)
    // Another test process may have been faster.
    await rename(fresh, home).catch(async (cause) => {
      if (!(await Bun.file(done).exists())) throw cause
    })
    return home
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/**
 * Run a script of `test/support/clients` in Python, where its library is, and read what it tells. A script
 * that fails is the test's failure.
 */
export async function runPython<Told>(home: string, script: string, job: object): Promise<Told> {
  const path = join(import.meta.dir, 'clients', `${script}.py`)
  const env = { JOB: JSON.stringify(job), PYTHONPATH: home, PYTHONDONTWRITEBYTECODE: '1' }
  const { code, stdout, stderr } = await runProgram(['python3', path], { env })
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout)
}

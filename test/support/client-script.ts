import { join } from 'node:path'
import { fetchPackages, node } from './packages'
import { runProgram } from './programs'

/** The AI SDK with the providers that people point at gateways. */
export const fetchAiSdk = () =>
  fetchPackages({
    name: 'ai-sdk',
    version: '7.0.173',
    packages: [
      'ai@7.0.173',
      '@ai-sdk/openai@4.0.118',
      '@ai-sdk/openai-compatible@3.0.92',
      '@ai-sdk/xai@5.0.12',
      'zod@4.6.7',
    ],
  })

/** LangChain for JavaScript. */
export const fetchLangChain = () =>
  fetchPackages({
    name: 'langchain',
    version: '1.6.0',
    packages: ['@langchain/openai@1.6.0', '@langchain/core@1.2.13', 'zod@4.6.7'],
  })

/**
 * Run a script of `test/support/clients` in Node, where its packages are, and read what it tells.
 * A script that fails is the test's failure.
 */
export async function runClient<Told>(home: string, script: string, job: object): Promise<Told> {
  const source = await Bun.file(join(import.meta.dir, 'clients', `${script}.mjs`)).text()
  const { code, stdout, stderr } = await runProgram([node(), '--input-type=module', '-e', source], {
    cwd: home,
    env: { JOB: JSON.stringify(job) },
  })
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout)
}

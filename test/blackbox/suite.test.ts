import { expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'
import { Glob } from 'bun'
import { AREAS } from './areas'

const HERE = import.meta.dir
const filesIn = (pattern: string): string[] => [...new Glob(pattern).scanSync(HERE)].toSorted()

const transpiler = new Bun.Transpiler({ loader: 'ts' })

/** What a file and every file of tests that it leads to import, types aside, by file. */
async function importsOf(file: string, seen = new Map<string, readonly string[]>()) {
  if (seen.has(file)) return seen
  const paths = transpiler.scanImports(await Bun.file(file).text()).map(({ path }) => path)
  seen.set(file, paths)
  for (const path of paths.filter((one) => /^\.(?!.*\.json$)/.test(one)))
    await importsOf(Bun.resolveSync(path, dirname(file)), seen)
  return seen
}

test('no area is left out', async () => {
  const named = (await Bun.file(join(HERE, 'areas.ts')).text()).match(/'\.\/areas\/[^']+'/g) ?? []
  const files = filesIn('areas/*.ts').map((file) => `'./${file.replace(/\.ts$/, '')}'`)
  expect(named.toSorted()).toEqual(files.toSorted())
  expect(Object.keys(AREAS)).toHaveLength(files.length)
})

test('every target is asked for all areas', async () => {
  for (const file of filesIn('*.test.ts').filter((name) => name !== 'suite.test.ts'))
    expect([file, (await Bun.file(join(HERE, file)).text()).includes('blackbox(')]).toEqual([
      file,
      true,
    ])
})

test('no area knows more than an address: neither our sources nor a database', async () => {
  const seen = await importsOf(join(HERE, 'areas.ts'))
  expect(seen.size).toBeGreaterThan(50)
  const inside = [...seen].flatMap(([file, paths]) =>
    paths
      .filter((path) => /^#|sql|\/src\//i.test(path))
      .map((path) => `${relative(HERE, file)} imports ${path}`),
  )
  expect(inside).toEqual([])
})

// Every registered node is called by some test: in a table, by its class type, or through its file.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allNodes } from './index.ts'

const engine = join(import.meta.dirname, '..')

function testTexts(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return testTexts(path)
    // This test of the list as such runs no node.
    const counts =
      entry.name.endsWith('.test.ts') && path !== join(import.meta.dirname, 'index.test.ts')
    return counts ? [readFileSync(path, 'utf8')] : []
  })
}

/** Class type → `folder/file.ts` of its definition. */
function definitionFiles(): Map<string, string> {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  const paths = folders
    .filter(entry => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(import.meta.dirname, name))
        .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map(file => `${name}/${file}`),
    )
  return new Map(
    paths.flatMap(path => {
      const type = /\btype: '([^']+)'/.exec(readFileSync(join(import.meta.dirname, path), 'utf8'))
      return type ? [[type[1]!, path]] : []
    }),
  )
}

test('every node is called by a test', () => {
  const goldens = readFileSync(join(engine, 'image/fixtures/imageops.json'), 'utf8')
  const texts = [...testTexts(engine), goldens].join('\n')
  const files = definitionFiles()
  const called = (type: string): boolean =>
    texts.includes(` ${type}: [`) ||
    texts.includes(`'${type}'`) ||
    texts.includes(`"${type}"`) ||
    texts.includes(`/${files.get(type)?.split('/')[1]}'`)
  expect(allNodes.map(({ type }) => type).filter(type => !called(type))).toEqual([])
})

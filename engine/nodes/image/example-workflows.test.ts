// The example workflows that need no model run from file to picture.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { toPrompt } from '../../graph/comfy-prompt.ts'
import { writeJson } from '../../graph/json.ts'
import { openWorkflow } from '../../graph/open-workflow.ts'
import { extractWorkflow } from '../../image/extract-workflow.ts'
import { ResultCache } from '../../run/cache.ts'
import type { RunEvent } from '../../run/events.ts'
import { execute } from '../../run/executor.ts'
import { describeAll } from '../define.ts'
import { diskFiles } from '../disk-files.ts'
import type { FileReference } from '../files.ts'
import { allNodes, nodeTypes } from '../index.ts'
import type { Models } from '../models.ts'

const resources = join(import.meta.dirname, '../../../resources')
const input = join(resources, 'workflows/input')
const models = {
  list: () => [],
  path: (folder: string, name: string) => join(resources, 'models', folder, name),
} as unknown as Models

test.for([
  ['photo-touch-up', [{ width: 1200, height: 800, channels: 3 }]],
  [
    'portrait-cut-out',
    [
      { width: 512, height: 512, channels: 4 },
      { width: 512, height: 512, channels: 3 },
    ],
  ],
] as const)('%s', async ([name, pictures]) => {
  const output = mkdtempSync(join(tmpdir(), 'example '))
  onTestFinished(() => rmSync(output, { recursive: true, force: true }))
  const files = diskFiles({ inputDir: input, outputDir: output, tempDir: output })
  const text = readFileSync(join(resources, 'workflows', `${name}.json`), 'utf8')
  const catalogue = describeAll(allNodes, { files: () => files.list('input') })
  const { document } = openWorkflow(text, catalogue)
  for (const node of Object.values(document.nodes)) expect(catalogue).toHaveProperty(node.type)
  const { prompt, problems } = toPrompt(document, catalogue)
  expect(problems).toEqual([])
  const events: RunEvent[] = []
  const job = {
    id: name,
    prompt: writeJson(prompt),
    pngInfo: `{"workflow":${text}}`,
    previews: false,
  }
  const environment = { nodeTypes, cache: new ResultCache(), files, models }
  await execute(job, environment, new AbortController().signal, event => events.push(event))
  expect(events.at(-1)).toMatchObject({ type: 'finished' })
  const shown = events.flatMap(event => (event.type === 'shown' ? [event.shown] : []))
  const written = shown.flatMap(({ images }) => images as FileReference[])
  const paths = written.map(({ filename }) => join(output, filename)).sort()
  const found = await Promise.all(paths.map(path => sharp(path).metadata()))
  expect(found).toMatchObject(pictures)
  for (const path of paths)
    expect(JSON.parse(extractWorkflow(readFileSync(path)).workflow!)).toEqual(JSON.parse(text))
  expect(existsSync(join(resources, 'workflows', `${name}.webp`))).toBe(true)
})

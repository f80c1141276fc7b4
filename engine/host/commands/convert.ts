// `comfyrunner convert FILE`: any workflow form in, the API or the UI form out.
import { readFileSync } from 'node:fs'
import type { Catalogue } from '../../graph/catalogue.ts'
import { writeUi } from '../../graph/comfy-write.ts'
import { isObject, readJson, writeJson } from '../../graph/json.ts'
import { catalogueFromObjectInfo } from '../../graph/object-info.ts'
import { readCatalogue } from '../catalogue.ts'
import { findModels } from '../engine-config.ts'
import { planFolders } from '../folders.ts'
import { onlyFile, readArgs, UsageError, warn } from './usage.ts'
import { openWorkflowFile, problemLine } from './workflow-file.ts'

const flags = {
  to: { type: 'string', default: 'api' },
  'object-info': { type: 'string' },
} as const

export async function convert(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, flags)
  const file = onlyFile(positionals, 'convert')
  if (values.to !== 'api' && values.to !== 'ui')
    throw new UsageError(`--to ${values.to}: api or ui.`)
  const catalogue = catalogueOf(values['object-info'])
  const { document, prompt, problems } = openWorkflowFile(file, catalogue)
  if (values.to === 'ui') process.stdout.write(`${writeJson(writeUi(document, catalogue), 2)}\n`)
  else process.stdout.write(`${writeJson(prompt, 2)}\n`)
  if (values.to === 'ui') return 0
  for (const problem of problems) process.stderr.write(`${problemLine(problem)}\n`)
  return problems.length ? 2 : 0
}

/** Our nodes, and those of the ComfyUI whose `/object_info` was saved: that one wins. */
function catalogueOf(file: string | undefined): Catalogue {
  if (file === undefined) {
    const folders = planFolders()
    return readCatalogue(findModels(folders, warn), folders)
  }
  try {
    const info = readJson(readFileSync(file, 'utf8'))
    if (!isObject(info)) throw new Error('it holds no node types')
    return catalogueFromObjectInfo(info)
  } catch (error) {
    throw new UsageError(`--object-info ${file} could not be read: ${(error as Error).message}`)
  }
}

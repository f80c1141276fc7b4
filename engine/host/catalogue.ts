// The node types as this machine knows them: choices name the models and pictures that are here.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalogue } from '../graph/catalogue.ts'
import type { ModelFolders } from '../library/model-folders.ts'
import { describeAll } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import type { Folders } from './folders.ts'

const picturePattern = /\.(png|jpe?g|webp|gif|tiff?|avif|bmp)$/i
const inputsLimit = 5000
const depthLimit = 4

/** Pictures below a folder, sorted, with subfolders by `/`. */
function listPictures(folder: string): string[] {
  const found: string[] = []
  const visit = (path: string, prefix: string, depth: number) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || found.length >= inputsLimit) continue
      if (entry.isDirectory() && depth < depthLimit)
        visit(join(path, entry.name), `${prefix}${entry.name}/`, depth + 1)
      else if (entry.isFile() && picturePattern.test(entry.name)) found.push(prefix + entry.name)
    }
  }
  try {
    visit(folder, '', 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return found.sort()
}

/** Reads the folders anew; models only where a folder changed. */
export const readCatalogue = (
  models: ModelFolders,
  { input, output }: Pick<Folders, 'input' | 'output'>,
): Catalogue =>
  describeAll(nodeTypes.values(), {
    files: folder => {
      if (folder === 'input') return listPictures(input)
      if (folder === 'output') return listPictures(output)
      return models.list(folder)
    },
  })

// The workflows that come with the app: `resources/workflows/templates.json` lists them, beside it
// lie the workflows, a picture that each really made, and the photos that they start from.
import { constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Template } from '../api/contract.ts'
import type { Catalogue } from '../graph/catalogue.ts'
import { documentText, openWorkflow } from '../graph/open-workflow.ts'
import type { Folders } from './folders.ts'

const list = z.array(
  z.object({
    name: z.string().regex(/^[a-z0-9-]+$/),
    title: z.string(),
    about: z.string(),
    takesImage: z.boolean(),
    order: z.number(),
  }),
)

const pictureExtensions = ['webp', 'jpg', 'png']

/** The picture of a template, if the name is one of ours. */
export function templatePicture(folders: Folders, file: string): string | undefined {
  if (!/^[a-z0-9-]+\.(webp|jpg|png)$/.test(file)) return undefined
  const path = join(folders.resources, 'workflows', file)
  return existsSync(path) ? path : undefined
}

/** Reads them anew each time: they are few, and their values depend on which models are there. */
export async function readTemplates(folders: Folders, catalogue: Catalogue): Promise<Template[]> {
  const folder = join(folders.resources, 'workflows')
  const entries = list.parse(JSON.parse(readFileSync(join(folder, 'templates.json'), 'utf8')))
  await copyExamples(folders)
  return entries
    .filter(({ name }) => existsSync(join(folder, `${name}.json`)))
    .sort((a, b) => a.order - b.order)
    .map(({ order: _, ...template }) => {
      const picture = pictureExtensions.find(kind =>
        existsSync(join(folder, `${template.name}.${kind}`)),
      )
      const text = readFileSync(join(folder, `${template.name}.json`), 'utf8')
      return {
        ...template,
        thumbnail: picture ? `/templates/${template.name}.${picture}` : '',
        document: documentText(openWorkflow(text, catalogue).document),
      }
    })
}

/** The templates' photos go where LoadImage looks, unless a file of that name is there. */
export async function copyExamples(folders: Pick<Folders, 'resources' | 'input'>): Promise<void> {
  const from = join(folders.resources, 'workflows', 'input')
  if (!existsSync(from)) return
  for (const name of readdirSync(from))
    await copyFile(join(from, name), join(folders.input, name), constants.COPYFILE_EXCL).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
}

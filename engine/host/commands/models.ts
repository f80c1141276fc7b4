// `comfyrunner models`: what is there, and where it is looked for.
import { resolve } from 'node:path'
import { writeJson } from '../../graph/json.ts'
import { findModels } from '../engine-config.ts'
import { familyOf } from '../families.ts'
import { planFolders } from '../folders.ts'
import { readArgs, warn } from './usage.ts'

const flags = {
  'models-dir': { type: 'string', multiple: true },
  'data-dir': { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function models(args: string[]): Promise<number> {
  const { values } = readArgs(args, flags)
  const folders = planFolders({
    dataDir: values['data-dir'] && resolve(values['data-dir']),
    modelsDirs: values['models-dir']?.map(folder => resolve(folder)),
  })
  const files = findModels(folders, warn)
    .all()
    .map(({ path, ...file }) => ({ ...file, path, family: familyOf(file.folder, path) }))
  if (values.json) process.stdout.write(`${writeJson(files, 2)}\n`)
  else
    for (const { folder, name, sizeBytes, family, bundled } of files)
      process.stdout.write(
        `${folder}/${name}\t${megabytes(sizeBytes)}\t${family ?? ''}${bundled ? '\tcomes with the app' : ''}\n`,
      )
  process.stderr.write(`Looked in ${folders.models.join(', ')} and in what comes with the app.\n`)
  return 0
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

// Which models this machine has, and how the engine process is told about its folders.
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../api/contract.ts'
import { type ExtraModelDirs, ExtraPathsError } from '../library/extra-model-paths.ts'
import { findExtraModelDirs, type ModelFolders, modelFolders } from '../library/model-folders.ts'
import type { EngineConfig } from '../run/protocol.ts'
import type { Folders } from './folders.ts'

/** The models that come with the app; looked at after all others. */
const bundledModels = (folders: Pick<Folders, 'resources'>): string =>
  join(folders.resources, 'models')

/** Where nodes that save models put them, in the output folder: found there as by ComfyUI. */
const savedModels = {
  checkpoints: 'checkpoints',
  text_encoders: 'clip',
  vae: 'vae',
  diffusion_models: 'diffusion_models',
  loras: 'loras',
}

/**
 * The user's models and the app's. `extra_model_paths.yaml` is read in the data folder and beside
 * each models folder, where ComfyUI has it.
 * @param broken told of such a file that cannot be read; the rest is found all the same
 */
export function findModels(folders: Folders, broken: (message: string) => void): ModelFolders {
  let extra: ExtraModelDirs = {}
  try {
    extra = findExtraModelDirs([folders.data, ...folders.models.map(root => join(root, '..'))])
  } catch (error) {
    if (!(error instanceof ExtraPathsError)) throw error
    broken(`${error.message} It is left out until it is mended.`)
  }
  for (const [kind, folder] of Object.entries(savedModels))
    extra[kind] = [...(extra[kind] ?? []), join(folders.output, folder)]
  return modelFolders({ roots: folders.models, bundled: bundledModels(folders), extra })
}

/** @param memoryBudgetBytes 0 = half of the machine's memory */
export const engineConfig = (
  folders: Pick<Folders, 'data' | 'input' | 'output' | 'temp' | 'models' | 'resources'>,
  extraModelDirs: ExtraModelDirs,
  memoryBudgetBytes: number,
  precision: Settings['precision'] = 'exact',
): EngineConfig => ({
  inputDir: folders.input,
  outputDir: folders.output,
  tempDir: folders.temp,
  modelDirs: [...folders.models, bundledModels(folders)],
  extraModelDirs,
  memoryBudgetBytes: memoryBudgetBytes || Math.floor(totalmem() / 2),
  mergedDir: join(folders.data, 'merged'),
  int8Dir: precision === 'int8' ? join(folders.data, 'int8') : undefined,
})

// Where things lie on this machine.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Folders {
  data: string
  input: string
  output: string
  temp: string
  trash: string
  thumbnails: string
  /** Roots with ComfyUI's layout that belong to the user, first match wins. */
  models: string[]
  /** What comes with the app: models, workflows, icons. */
  resources: string
  /** The built page. */
  page: string
}

export interface FolderOptions {
  dataDir?: string
  inputDir?: string
  outputDir?: string
  modelsDirs?: string[]
}

const rootFolder = appRoot()

/** The platform's place for an app's data; `COMFYRUNNER_DATA` overrides it. */
export function defaultDataDir(env = process.env, platform = process.platform): string {
  if (env.COMFYRUNNER_DATA) return env.COMFYRUNNER_DATA
  if (platform === 'win32')
    return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'ComfyRunner')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'ComfyRunner')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'comfyrunner')
}

/** Works out every folder; makes none. */
export function planFolders(options: FolderOptions = {}): Folders {
  const data = options.dataDir ?? defaultDataDir()
  return {
    data,
    input: options.inputDir ?? join(data, 'input'),
    output: options.outputDir ?? join(data, 'output'),
    temp: join(data, 'temp'),
    trash: join(data, 'trash'),
    thumbnails: join(data, 'thumbnails'),
    models: options.modelsDirs?.length ? options.modelsDirs : [join(data, 'models')],
    resources: join(rootFolder, 'resources'),
    page: join(rootFolder, 'dist', 'renderer'),
  }
}

/** Makes the folders that are written to. @throws FolderError naming the one that cannot be */
export function makeFolders(options: FolderOptions = {}): Folders {
  const folders = planFolders(options)
  for (const name of ['data', 'input', 'output', 'temp', 'trash', 'thumbnails'] as const)
    makeFolder(folders[name], name)
  return folders
}

/** A folder that cannot be used, and which option names another. */
export class FolderError extends Error {
  override name = 'FolderError'
}

const reasons: Record<string, string> = {
  EACCES: 'it may not be written to',
  EPERM: 'it may not be written to',
  EROFS: 'the disk is read-only',
  ENOENT: 'it cannot be made there',
  ENOSPC: 'the disk is full',
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'there is a file where a folder should be',
  ENAMETOOLONG: 'its name is too long',
}

function makeFolder(path: string, name: string): void {
  try {
    mkdirSync(path, { recursive: true })
    // Pictures may be read from where nothing can be written.
    if (name !== 'input') accessSync(path, constants.W_OK)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const option = name === 'input' || name === 'output' ? `--${name}-dir` : '--data-dir'
    throw new FolderError(
      `The folder ${path} cannot be used: ${reasons[code] ?? message}. Choose another with ${option}.`,
      { cause: error },
    )
  }
}

/** From the source tree and from `dist/` alike: the nearest folder above that holds our resources. */
function appRoot(): string {
  for (let at = import.meta.dirname; ; at = dirname(at))
    if (existsSync(join(at, 'resources', 'workflows')) || dirname(at) === at) return at
}

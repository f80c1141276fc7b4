// What `comfyrunner` understands, and how it ends.
import { FolderError } from '../folders.ts'
import { appVersion } from '../version.ts'
import { UsageError } from './usage.ts'

const helpText = `ComfyRunner ${appVersion}: image workflows on your own machine, compatible with ComfyUI.

comfyrunner run FILE        run a workflow: ComfyUI's UI or API format, or a picture that carries one
    --set NODE.INPUT=VALUE  change a value; NODE is an id, a title or a type that occurs once
    --seed N                the same seed for every sampler
    --models-dir D  --input-dir D  --output-dir D  --data-dir D
    --provider NAME         where networks are computed: auto (unless given), cpu, cuda, dml, webgpu, coreml
    --precision NAME        exact (unless given), or int8: about twice as quick on the processor, a little different
    --json                  one JSON object on stdout instead of a path a line
comfyrunner serve           the page and ComfyUI's API on one port
    --listen ADDRESS        127.0.0.1 unless given    --port N   8188 unless given
    --data-dir D  --models-dir D  --input-dir D  --output-dir D
comfyrunner convert FILE    write the workflow on stdout
    --to api|ui             api unless given    --object-info FILE  describe nodes that are not ours
comfyrunner models          the model files found, and where they are looked for
comfyrunner bench [FILE]…   how fast this machine runs the starter model, and checkpoints
    --threads N             all processors unless given    --json

Exit codes: 0 done, 1 failed, 2 something is wrong with what was asked for.
`

type Command = (args: string[]) => Promise<number>

/** Each is loaded only when asked for: `run` needs no database, `convert` no engine. */
const commands: Record<string, () => Promise<Command>> = {
  run: async () => (await import('./run.ts')).run,
  serve: async () => (await import('./serve.ts')).serveCommand,
  convert: async () => (await import('./convert.ts')).convert,
  models: async () => (await import('./models.ts')).models,
  bench: async () => (await import('./bench.ts')).bench,
}

async function dispatch([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(helpText)
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    process.stdout.write(`${appVersion}\n`)
    return 0
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) throw new UsageError(`There is no command “${name}”. See comfyrunner --help.`)
  if (args.includes('--help')) {
    process.stdout.write(helpText)
    return 0
  }
  return (await load())(args)
}

/** Runs a command line. @returns the exit code: 0 done, 1 failed, 2 wrong usage or invalid input */
export async function main(args: string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    if (error instanceof UsageError || error instanceof FolderError) return 2
    if (process.env.COMFYRUNNER_DEBUG) console.error(error)
    return 1
  }
}

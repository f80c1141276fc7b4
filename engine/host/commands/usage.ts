// What is wrong with a command line, and how its options are read.
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Exit code 2: the person who typed it can mend it. */
export class UsageError extends Error {
  override name = 'UsageError'
}

type Options = NonNullable<ParseArgsConfig['options']>

/** `parseArgs` whose errors are usage errors. */
export function readArgs<const O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See comfyrunner --help.`)
  }
}

/** The one file that a command is about. */
export function onlyFile(positionals: string[], command: string): string {
  const [file, ...more] = positionals
  if (!file) throw new UsageError(`Say which file: comfyrunner ${command} FILE`)
  if (more.length) throw new UsageError(`One file at a time; “${more.join(' ')}” is too much.`)
  return file
}

/** Something the user should know that stops nothing. */
export const warn = (message: string): void => void process.stderr.write(`${message}\n`)

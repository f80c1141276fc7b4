// Where the vocabularies that ship with the program are.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** From the source tree and from `dist/` alike: in the nearest `resources/` above. */
export function tokenizerFile(family: string, name: string): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const file = join(at, 'resources', 'tokenizers', family, name)
    if (existsSync(file)) return file
    if (dirname(at) === at)
      throw new Error('resources/tokenizers is missing: the installation is incomplete, repair it.')
  }
}

// Where tokens are kept: the system's keychain where the shell offers it (Electron's safeStorage),
// a file that only its owner can read otherwise. Never SQLite, never a log.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export interface Secrets {
  get(name: string): string | undefined
  set(name: string, value: string): void
  remove(name: string): void
}

/** Turns text into what may lie on the disk, and back. */
export interface Seal {
  seal(text: string): string
  /** @throws Error when another user or machine sealed it */
  open(sealed: string): string
}

const unsealed: Seal = { seal: text => text, open: text => text }

/** @param file its folder exists; the file is made with mode 0600 */
export function fileSecrets(file: string, { seal, open }: Seal = unsealed): Secrets {
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(open(readFileSync(file, 'utf8')))
    } catch {
      // No file yet; or a keychain that is not ours any more: the person signs in again.
      return {}
    }
  }
  const write = (all: Record<string, string>): void => {
    if (Object.keys(all).length === 0) {
      rmSync(file, { force: true })
      return
    }
    const temporary = `${file}.new`
    // One left behind would keep its mode, or be a link to somewhere else.
    rmSync(temporary, { force: true })
    writeFileSync(temporary, seal(JSON.stringify(all)), { mode: 0o600, flag: 'wx' })
    renameSync(temporary, file)
  }
  return {
    get: name => read()[name],
    set: (name, value) => write({ ...read(), [name]: value }),
    remove(name) {
      const { [name]: gone, ...rest } = read()
      if (gone !== undefined) write(rest)
    },
  }
}

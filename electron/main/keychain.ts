// Tokens sealed with the system's keychain: Keychain on a Mac, DPAPI on Windows, the secret service
// on Linux. https://www.electronjs.org/docs/latest/api/safe-storage
import type { Seal } from '../../engine/host/secrets.ts'
import type { Electron } from './electron.ts'

/** Undefined where the system has no keychain: then the file's mode alone protects it. */
export function keychain({ safeStorage }: Electron): Seal | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined
  return {
    seal: text => safeStorage.encryptString(text).toString('base64'),
    open: sealed => safeStorage.decryptString(Buffer.from(sealed, 'base64')),
  }
}

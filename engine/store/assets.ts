// Pictures by content hash (SHA-256, hex) and the files that hold them.
import type { Db } from './database.ts'

export type AssetFolder = 'input' | 'output' | 'temp' | 'trash'

export interface Asset {
  hash: string
  mime: string
  sizeBytes: number
  width: number
  height: number
}

export interface AssetFile {
  folder: AssetFolder
  /** Relative to the folder, with forward slashes. */
  path: string
}

export function assetStore(db: Db) {
  const find = db.prepare<[string], Asset>(
    'SELECT hash, mime, size_bytes AS sizeBytes, width, height FROM assets WHERE hash = ?',
  )
  const files = db.prepare<[string], AssetFile>(
    'SELECT folder, path FROM asset_files WHERE hash = ? ORDER BY folder, path',
  )
  const hashAt = db
    .prepare<[string, string], string>('SELECT hash FROM asset_files WHERE folder = ? AND path = ?')
    .pluck()
  const insert = db.prepare(
    `INSERT INTO assets VALUES (@hash, @mime, @sizeBytes, @width, @height, @createdMs)
     ON CONFLICT (hash) DO NOTHING`,
  )
  const place = db.prepare(
    `INSERT INTO asset_files (folder, path, hash) VALUES (@folder, @path, @hash)
     ON CONFLICT (folder, path) DO UPDATE SET hash = excluded.hash`,
  )
  const displace = db.prepare('DELETE FROM asset_files WHERE folder = ? AND path = ?')

  return {
    find: (hash: string): Asset | undefined => find.get(hash),
    files: (hash: string): AssetFile[] => files.all(hash),
    hashAt: (folder: AssetFolder, path: string): string | undefined => hashAt.get(folder, path),
    /** Says that a file holds an asset; what the path held before is forgotten. */
    add: db.transaction((asset: Asset, file: AssetFile, createdMs: number) => {
      insert.run({ ...asset, createdMs })
      place.run({ ...file, hash: asset.hash })
    }),
    forget: (file: AssetFile): void => void displace.run(file.folder, file.path),
    move: db.transaction((hash: string, from: AssetFile, to: AssetFile) => {
      displace.run(from.folder, from.path)
      place.run({ ...to, hash })
    }),
  }
}

// Model files by folder.
import { create } from 'zustand'
import type { ModelFile } from '../../../engine/api/contract.ts'
import { host, reason } from '../host/connection.ts'
import { toastError } from './toasts.ts'

export const useModels = create<{ files: ModelFile[]; loaded: boolean; search: string }>(() => ({
  files: [],
  loaded: false,
  search: '',
}))

export async function loadModels() {
  try {
    useModels.setState({ files: await host.models.list(), loaded: true })
  } catch (error) {
    toastError(`The list of models did not arrive. ${reason(error)}`)
  }
}

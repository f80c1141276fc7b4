// The GPUs of this machine, by what the system says of its devices. Software adapters (SwiftShader,
// llvmpipe, WARP) and the screens of virtual machines and servers are none: they compute on the
// processor, slower than we do.
import { basename } from 'node:path'
import type { Machine } from './machine.ts'

export type GpuVendor = 'NVIDIA' | 'AMD' | 'Intel' | 'Apple' | 'Qualcomm'

export interface Gpu {
  name: string
  vendor: GpuVendor
  /** Its own memory; undefined where it is not known or is shared with the processor. */
  memoryBytes?: number
  /** Tells one driver from the next: a self-test holds for one of them. */
  driver?: string
}

/** https://pcisig.com/membership/member-companies */
const vendors: Record<string, GpuVendor> = {
  '0x10de': 'NVIDIA',
  '0x1002': 'AMD',
  '0x8086': 'Intel',
  '0x106b': 'Apple',
}

export function findGpus(machine: Machine): Promise<Gpu[]> {
  if (machine.platform === 'linux') return linuxGpus(machine)
  if (machine.platform === 'win32') return windowsGpus(machine)
  return Promise.resolve(machine.platform === 'darwin' ? appleGpus(machine) : [])
}

/** PCI class 0x03: display controllers. */
async function linuxGpus(machine: Machine): Promise<Gpu[]> {
  const found: Gpu[] = []
  const devices = '/sys/bus/pci/devices'
  for (const slot of machine.list(devices)) {
    const says = (file: string) => machine.read(`${devices}/${slot}/${file}`)?.trim()
    const vendor = vendors[says('vendor') ?? '']
    if (!vendor || !says('class')?.startsWith('0x03')) continue
    const device = says('device')?.replace('0x', '') ?? 'unknown'
    const memory = Number(says('mem_info_vram_total') ?? 0)
    found.push({
      vendor,
      name: `${vendor} GPU (${device})`,
      ...(memory > 0 && { memoryBytes: memory }),
      driver: machine.read(`${devices}/${slot}/uevent`)?.match(/^DRIVER=(.*)$/m)?.[1],
    })
  }
  const nvidia = await nvidiaGpus(machine)
  return nvidia.length ? [...nvidia, ...found.filter(gpu => gpu.vendor !== 'NVIDIA')] : found
}

/** `NVIDIA H100 80GB HBM3, 81559, 550.54.15`: name, MiB, driver. */
async function nvidiaGpus({ exec }: Pick<Machine, 'exec'>): Promise<Gpu[]> {
  const query = '--query-gpu=name,memory.total,driver_version'
  const text = await exec('nvidia-smi', [query, '--format=csv,noheader,nounits'])
  return (text ?? '').split('\n').flatMap((line): Gpu[] => {
    const [name, mib, driver] = line.split(',').map(part => part.trim())
    if (!name || !driver || !(Number(mib) > 0)) return []
    return [{ vendor: 'NVIDIA', name, memoryBytes: Number(mib) * 2 ** 20, driver }]
  })
}

/** Display adapters as the registry lists them, one numbered key each. */
const displayClass =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}'

async function windowsGpus({ exec }: Machine): Promise<Gpu[]> {
  const text = (await exec('reg', ['query', displayClass, '/s'])) ?? ''
  return text.split(/^HKEY/m).flatMap((key): Gpu[] => {
    const value = (name: string) =>
      new RegExp(`^\\s+${name.replace('.', '\\.')}\\s+REG_\\w+\\s+(.*?)\\s*$`, 'm').exec(key)?.[1]
    const name = value('DriverDesc')
    const vendor = vendorOf(value('MatchingDeviceId'), name)
    if (!name || !vendor) return []
    const memory = Number(value('HardwareInformation.qwMemorySize') ?? 0)
    return [
      {
        vendor,
        name,
        ...(memory > 0 && { memoryBytes: memory }),
        driver: value('DriverVersion'),
      },
    ]
  })
}

/** From `PCI\VEN_10DE&…`. Qualcomm's GPUs are not on the PCI bus. */
function vendorOf(id = '', name = ''): GpuVendor | undefined {
  const pci = /VEN_([0-9A-F]{4})/i.exec(id)?.[1]
  if (pci) return vendors[`0x${pci.toLowerCase()}`]
  return /adreno|qualcomm/i.test(name) ? 'Qualcomm' : undefined
}

/** Apple's chips hold their GPU; it shares the machine's memory. */
const appleGpus = ({ arch, processor }: Machine): Gpu[] =>
  arch === 'arm64' ? [{ vendor: 'Apple', name: `${processor} GPU` }] : []

/** Whether the environment sends Vulkan, which WebGPU uses on Linux, to a software adapter. */
export function softwareVulkan(env: Readonly<Record<string, string | undefined>>): boolean {
  const drivers = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES
  if (!drivers) return false
  return drivers.split(/[:;]/).every(file => /swiftshader|lvp_|lavapipe/i.test(basename(file)))
}

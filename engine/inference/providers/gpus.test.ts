// Devices as Linux and Windows list them.
import { expect, test } from 'vitest'
import { findGpus, softwareVulkan } from './gpus.ts'
import type { Machine } from './machine.ts'

const machine = (platform: string, files: Record<string, string>, said?: string): Machine => ({
  platform,
  arch: 'x64',
  release: '6.1',
  processor: 'A processor',
  cores: 4,
  memoryBytes: 2 ** 34,
  env: {},
  read: path => files[path],
  list: folder => [
    ...new Set(
      Object.keys(files)
        .filter(file => file.startsWith(`${folder}/`))
        .map(file => file.slice(folder.length + 1).split('/')[0]!),
    ),
  ],
  exec: async () => said,
})

const device = (
  slot: string,
  pciClass: string,
  vendor: string,
  more: Record<string, string> = {},
) =>
  Object.fromEntries(
    Object.entries({ class: pciClass, vendor, device: '0x744c\n', ...more }).map(([name, text]) => [
      `/sys/bus/pci/devices/${slot}/${name}`,
      text,
    ]),
  )

test('Linux: display controllers of makers whose chips compute', async () => {
  const files = {
    ...device('0000:00:02.0', '0x030000\n', '0x8086\n', { uevent: 'DRIVER=i915\nPCI_ID=1\n' }),
    ...device('0000:03:00.0', '0x030000\n', '0x1002\n', { mem_info_vram_total: '21474836480\n' }),
    // A virtual machine's screen, a server's screen, a network card of Intel's.
    ...device('0000:00:01.0', '0x030000\n', '0x1af4\n'),
    ...device('0000:04:00.0', '0x030000\n', '0x1a03\n'),
    ...device('0000:05:00.0', '0x020000\n', '0x8086\n'),
  }
  expect(await findGpus(machine('linux', files))).toEqual([
    { vendor: 'Intel', name: 'Intel GPU (744c)', driver: 'i915' },
    { vendor: 'AMD', name: 'AMD GPU (744c)', memoryBytes: 20 * 2 ** 30, driver: undefined },
  ])
})

test('Linux: NVIDIA’s own program knows name, memory and driver', async () => {
  const files = device('0000:41:00.0', '0x030200\n', '0x10de\n')
  expect(
    await findGpus(machine('linux', files, 'NVIDIA H100 80GB HBM3, 81559, 550.54.15\n')),
  ).toEqual([
    {
      vendor: 'NVIDIA',
      name: 'NVIDIA H100 80GB HBM3',
      memoryBytes: 81559 * 2 ** 20,
      driver: '550.54.15',
    },
  ])
  // Without it the device is still there.
  expect(await findGpus(machine('linux', files))).toMatchObject([{ vendor: 'NVIDIA' }])
  expect(await findGpus(machine('linux', files, 'NVIDIA-SMI has failed\n'))).toHaveLength(1)
})

test('Windows: the registry’s display class, without Microsoft’s software adapter', async () => {
  const said = `
HKEY_LOCAL_MACHINE\\SYSTEM\\x\\0000
    DriverDesc    REG_SZ    NVIDIA GeForce RTX 4070
    DriverVersion    REG_SZ    32.0.15.6094
    MatchingDeviceId    REG_SZ    PCI\\VEN_10DE&DEV_2786
    HardwareInformation.qwMemorySize    REG_QWORD    0x2ff400000

HKEY_LOCAL_MACHINE\\SYSTEM\\x\\0001
    DriverDesc    REG_SZ    Microsoft Basic Display Adapter
    MatchingDeviceId    REG_SZ    ROOT\\BasicDisplay
    DriverVersion    REG_SZ    10.0

HKEY_LOCAL_MACHINE\\SYSTEM\\x\\0002
    DriverDesc    REG_SZ    Qualcomm(R) Adreno(TM) X1-85 GPU
    MatchingDeviceId    REG_SZ    ACPI\\QCOM0C36
    DriverVersion    REG_SZ    31.0
`
  expect(await findGpus(machine('win32', {}, said.replaceAll('\n', '\r\n')))).toEqual([
    {
      vendor: 'NVIDIA',
      name: 'NVIDIA GeForce RTX 4070',
      memoryBytes: 0x2ff400000,
      driver: '32.0.15.6094',
    },
    { vendor: 'Qualcomm', name: 'Qualcomm(R) Adreno(TM) X1-85 GPU', driver: '31.0' },
  ])
})

test('Apple’s chips have their GPU inside', async () => {
  const apple = { ...machine('darwin', {}), arch: 'arm64', processor: 'Apple M3' }
  expect(await findGpus(apple)).toEqual([{ vendor: 'Apple', name: 'Apple M3 GPU' }])
  expect(await findGpus(machine('darwin', {}))).toEqual([])
})

test('an environment that sends Vulkan to a software adapter', () => {
  expect(softwareVulkan({})).toBe(false)
  expect(softwareVulkan({ VK_ICD_FILENAMES: '/x/vk_swiftshader_icd.json' })).toBe(true)
  expect(softwareVulkan({ VK_DRIVER_FILES: '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json' })).toBe(
    true,
  )
  expect(softwareVulkan({ VK_DRIVER_FILES: '/x/nvidia_icd.json:/x/lvp_icd.json' })).toBe(false)
})

/**
 * Whether WebGPU has no GPU here but a driver that computes on the CPU. ONNX
 * Runtime does not say which adapter it takes; on Linux Vulkan lists them.
 *
 * @module
 */

/** A device that Vulkan lists. */
export interface VulkanDevice {
  /** Its name, as its driver gives it. */
  readonly name: string;
  /** Its `VkPhysicalDeviceType`. */
  readonly type: number;
}

/** `VK_PHYSICAL_DEVICE_TYPE_CPU`. */
const TYPE_CPU = 4;

const NAMES = /llvmpipe|lavapipe|swiftshader/i;

/** The name of a software driver, if there is no other device. */
export function softwareDriver(
  devices: readonly VulkanDevice[],
): string | undefined {
  const isSoftware = ({ name, type }: VulkanDevice) =>
    type === TYPE_CPU || NAMES.test(name);
  return devices.every(isSoftware) ? devices[0]?.name : undefined;
}

/** The devices that Vulkan lists; none where there is no Vulkan. */
export function vulkanDevices(): VulkanDevice[] {
  const vulkan = openVulkan();
  if (!vulkan) return [];
  const { symbols } = vulkan;
  try {
    // VkInstanceCreateInfo: its type, 1, and nothing else.
    const info = new Uint32Array(16);
    info[0] = 1;
    const made = new BigUint64Array(1);
    if (symbols.vkCreateInstance(info, null, made) !== 0) return [];
    const instance = Deno.UnsafePointer.create(made[0]!);
    const count = new Uint32Array([16]);
    const handles = new BigUint64Array(count[0]!);
    symbols.vkEnumeratePhysicalDevices(instance, count, handles);
    const devices = [...handles.subarray(0, count[0])].map((handle) => {
      // VkPhysicalDeviceProperties, of 824 bytes: four numbers, the type, and
      // the name, ended by a zero byte.
      const properties = new Uint8Array(1024);
      symbols.vkGetPhysicalDeviceProperties(
        Deno.UnsafePointer.create(handle),
        properties,
      );
      const name = properties.subarray(20, 20 + 256);
      return {
        name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
        type: new DataView(properties.buffer).getUint32(16, true),
      };
    });
    symbols.vkDestroyInstance(instance, null);
    return devices;
  } finally {
    vulkan.close();
  }
}

function openVulkan() {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.dlopen("libvulkan.so.1", {
      vkCreateInstance: {
        parameters: ["buffer", "pointer", "buffer"],
        result: "i32",
      },
      vkEnumeratePhysicalDevices: {
        parameters: ["pointer", "buffer", "buffer"],
        result: "i32",
      },
      vkGetPhysicalDeviceProperties: {
        parameters: ["pointer", "buffer"],
        result: "void",
      },
      vkDestroyInstance: { parameters: ["pointer", "pointer"], result: "void" },
    });
  } catch {
    return undefined; // there is no such library
  }
}

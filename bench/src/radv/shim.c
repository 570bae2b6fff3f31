// An ICD that passes everything to RADV but the calls that its null device cannot do: recording and submitting commands. For compiling only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);
static void *radv;
static Lookup instanceLookup, deviceLookup;
static Function symbol(const char *name) {
  if (!radv) radv = dlopen("libvulkan_radeon.so", RTLD_NOW);
  return radv ? (Function)dlsym(radv, name) : NULL;
}
static int success(void) { return 0; }
static Function stub(const char *name) {
  static const char *const names[] = {
    "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommandBuffer", "vkResetCommandPool", "vkQueueSubmit",
    "vkQueueSubmit2", "vkWaitForFences", "vkGetFenceStatus", "vkDeviceWaitIdle", "vkQueueWaitIdle"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (!strcmp(name, names[i])) return (Function)success;
  return strncmp(name, "vkCmd", 5) ? NULL : (Function)success;
}
static Function or_stub(Function found, const char *name) {
  Function replaced = stub(name);
  return found && replaced ? replaced : found;
}
static Function device_function(void *device, const char *name) { return or_stub(deviceLookup(device, name), name); }
Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  if (!instanceLookup) instanceLookup = (Lookup)symbol("vk_icdGetInstanceProcAddr");
  if (!strcmp(name, "vkGetDeviceProcAddr")) {
    deviceLookup = (Lookup)instanceLookup(instance, name);
    return (Function)device_function;
  }
  return or_stub(instanceLookup(instance, name), name);
}
int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  int (*negotiate)(uint32_t *) = (int (*)(uint32_t *))symbol("vk_icdNegotiateLoaderICDInterfaceVersion");
  return negotiate ? negotiate(version) : 0;
}
Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  Lookup lookup = (Lookup)symbol("vk_icdGetPhysicalDeviceProcAddr");
  return lookup ? lookup(instance, name) : NULL;
}

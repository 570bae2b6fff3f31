// Every export of these files is a family.
export * from "./objects/discs.js";
export * from "./objects/electronics.js";
export * from "./objects/fasteners.js";
export * from "./objects/natural.js";
export * from "./objects/rows.js";
export * from "./objects/shape.js";
export * from "./objects/signs.js";
export * from "./objects/vessels.js";
export * from "./objects/wheels.js";
export * from "./textures/built.js";
export * from "./textures/cloth.js";
export * from "./textures/scan.js";
export * from "./textures/sheet.js";
export * from "./textures/skin.js";
export * from "./textures/stone.js";
export * from "./textures/timber.js";

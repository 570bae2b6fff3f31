// In place of modules of Node that a library names and a browser never asks for.
export {};

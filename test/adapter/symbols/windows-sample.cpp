typedef unsigned long long u64;
enum Color { RED = 1, GREEN = 2, BLUE = -1 };
struct Base { int id; u64 flags; };
struct Node : Base {
  Node *next; Color color;
  unsigned int low : 3; unsigned int high : 5;
  unsigned short table[4][2];
  union { double real; u64 bits; } value;
  bool isLive; const char *text;
  void method();
  static int count;
};
int Node::count = 3;
extern "C" { 
u64 counter = 7; Node global_node;
__attribute__((noinline)) static int twice(int x) { volatile int y = x; return y * 2; }
__attribute__((noinline)) int add(int a, int b) { counter += a; return twice(a) + b; }
__attribute__((noinline)) u64 big(u64 a) { volatile char buffer[6000]; for (int i = 0; i < 6000; i++) buffer[i] = (char)(a + i); 
 return buffer[a % 6000] + add((int)a, 3); }
__attribute__((noinline)) u64 dynamic(int n) { volatile char *p = (volatile char *)__builtin_alloca(n); p[0] = 1; return big(n) + p[0]; }
__declspec(dllexport) int exported(int x) { return add(x, 1) + 1; }
void __chkstk(void) {}
#line 70001
int entry(void) { global_node.id = 1; return (int)dynamic(32) + exported(4); }
}
void Node::method() { id = 1; }

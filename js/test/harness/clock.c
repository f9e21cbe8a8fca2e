// Preloaded into a browser, this is a clock that is AHEAD seconds ahead. Not libfaketime, under which Firefox never starts:
// its allocator asks for the time within its first allocation, where libfaketime allocates for the first time itself, so
// that both wait for the allocator's lock. Nothing here allocates.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
	int result = syscall(SYS_clock_gettime, clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += AHEAD;
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
	int result = syscall(SYS_gettimeofday, now, zone);
	if (result == 0 && now != NULL) now->tv_sec += AHEAD;
	return result;
}

time_t time(time_t *now) {
	struct timespec real;
	clock_gettime(CLOCK_REALTIME, &real);
	if (now != NULL) *now = real.tv_sec;
	return real.tv_sec;
}

// Waits until a time by the clock that is wrong: the kernel knows the true one only, and would wait AHEAD seconds more.
// A deadline of the monotonic clock, which counts from the machine's start, is left alone.
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict end) {
	const time_t year = 365 * 24 * 60 * 60;
	if (end->tv_sec < 30 * year) return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, end);
	struct timespec real = {end->tv_sec - AHEAD, end->tv_nsec};
	return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &real);
}
